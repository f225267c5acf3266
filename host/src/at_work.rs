//! What is at work, for messages that cannot ask: of a crash, of a component that does not return.

use std::sync::atomic::{AtomicPtr, Ordering};

/// Never freed: a signal's handler may be reading it. A stage is named some hundred times in a run at most.
static PLACE: AtomicPtr<String> = AtomicPtr::new(std::ptr::null_mut());

/// Names what is at work from now on: `stage select/fictional (selector id-nms)`; nothing for `""`.
pub fn set(place: &str) {
    let place = match place {
        "" => std::ptr::null_mut(),
        place => Box::into_raw(Box::new(place.to_owned())),
    };
    PLACE.store(place, Ordering::Release);
}

/// What is at work. Safe to call from a signal's handler: it neither locks nor allocates.
pub fn get() -> Option<&'static str> {
    let place = PLACE.load(Ordering::Acquire);
    // SAFETY: null, or a leaked `String` that nothing writes to.
    unsafe { place.as_ref() }.map(String::as_str)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_last_place_is_told() {
        super::set("stage a");
        super::set("stage b");
        assert_eq!(super::get(), Some("stage b"));
        super::set("");
        assert_eq!(super::get(), None);
    }
}
