//! Where components compute.

use std::{fmt, path::Path, str::FromStr};

use ficta_core::{Device, Error};
use serde::{Deserialize, Serialize};

/// Whether an NVIDIA driver has made the file of a GPU, such as `nvidia0`, in this folder. A container may have any of a machine's.
fn has_gpu(devices: &Path) -> bool {
    let number = |name: &str| {
        name.strip_prefix("nvidia")
            .is_some_and(|number| number.parse::<u16>().is_ok())
    };
    let entries = devices.read_dir().into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .any(|name| number(&name))
}

/// Where components that can shall compute; each says in the log where it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum ComputeDevice {
    /// `auto`: the first GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// `cpu`.
    Cpu,
    /// `cuda` or `cuda:N`: the GPU with this number.
    Cuda(u16),
}

impl ComputeDevice {
    /// The device on this machine.
    pub fn here(self) -> Device {
        match self {
            Self::Auto if has_gpu(Path::new("/dev")) => Device::cuda(0),
            Self::Auto | Self::Cpu => Device::CPU,
            Self::Cuda(number) => Device::cuda(number.into()),
        }
    }

    /// Whether it is the default, which run files leave out.
    pub fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

impl FromStr for ComputeDevice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|number| number.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| Error::config(format!("device `{text}`: expected auto, cpu, cuda or cuda:N"))),
        }
    }
}

impl TryFrom<String> for ComputeDevice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|e: Error| e.message().to_owned())
    }
}

impl From<ComputeDevice> for String {
    fn from(device: ComputeDevice) -> Self {
        device.to_string()
    }
}

impl fmt::Display for ComputeDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_gpus_file_counts() {
        let devices = tempfile::tempdir().unwrap();
        assert!(!has_gpu(&devices.path().join("none")));
        for (name, there) in [("nvidiactl", false), ("nvidia-uvm", false), ("nvidia3", true)] {
            std::fs::write(devices.path().join(name), "").unwrap();
            assert_eq!(has_gpu(devices.path()), there, "{name}");
        }
    }

    #[test]
    fn names_go_both_ways_and_others_are_refused() {
        for (text, device) in [
            ("auto", ComputeDevice::Auto),
            ("cpu", ComputeDevice::Cpu),
            ("cuda:3", ComputeDevice::Cuda(3)),
        ] {
            assert_eq!(text.parse::<ComputeDevice>().unwrap(), device);
            assert_eq!(device.to_string(), text);
        }
        assert_eq!("cuda".parse::<ComputeDevice>().unwrap(), ComputeDevice::Cuda(0));
        for text in ["gpu", "cuda:", "cuda:-1", "cuda:x", ""] {
            let error = text.parse::<ComputeDevice>().unwrap_err();
            assert!(
                error.message().contains("expected auto, cpu, cuda or cuda:N"),
                "{error}"
            );
        }
        assert_eq!(ComputeDevice::Cpu.here(), Device::CPU);
        assert_eq!(ComputeDevice::Cuda(2).here(), Device::cuda(2));
    }
}
