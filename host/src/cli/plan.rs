//! `ficta plan`.

use crate::cli::own_stdout::out;
use ficta_core::Result;
use serde_json::json;

use super::{args::PlanArgs, plan_estimate::Outlook, run::Prepared};
use crate::pipeline::feasibility;

pub fn plan(args: &PlanArgs, as_json: bool) -> Result<()> {
    let Prepared {
        plan,
        folder,
        config,
        registry,
    } = Prepared::new(&args.file)?;
    let warnings = feasibility::warnings(&config, &registry, &plan, &folder);
    let outlook = Outlook::new(&args.estimate, &config, &plan, &registry)?;
    if as_json {
        let steps: Vec<_> = plan
            .steps
            .iter()
            .map(|s| json!({"stage": s.stage.id, "state": s.state.to_string(), "fingerprint": s.fingerprint}))
            .collect();
        out!(
            "{:#}",
            json!({"run": folder.root(), "stages": steps, "plugins": plan.lock, "warnings": warnings, "outlook": outlook.json()})
        );
        return Ok(());
    }
    out!("run folder {}", folder.root().display());
    let width = plan.steps.iter().map(|s| s.stage.id.len()).max().unwrap_or(0);
    for step in &plan.steps {
        let with: Vec<_> = step
            .stage
            .components
            .iter()
            .map(|(kind, c)| format!("{kind} {}", c.plugin))
            .collect();
        out!(
            "  {:width$}  {:28}  {}",
            step.stage.id,
            step.state.to_string(),
            with.join(", ")
        );
    }
    outlook.show();
    for warning in warnings {
        out!("warning: {warning}");
    }
    Ok(())
}
