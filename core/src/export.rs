//! What makes a crate a loadable plugin.

/// Makes this crate a loadable plugin. Once per crate, at the root; `backend` names the numeric library that all plugins of one process
/// must share.
///
/// The symbols carry the crate's name (as Python's `PyInit_<module>` do), so that several plugins can also be linked statically into
/// one binary.
///
/// ```ignore
/// ficta_core::export_plugin!();
/// ficta_core::export_plugin!(backend = "libtorch 2.11.0");
/// ```
#[macro_export]
macro_rules! export_plugin {
    () => {
        $crate::export_plugin!(backend = "");
    };
    (backend = $backend:literal) => {
        const _: () = {
            // SAFETY: the name holds the crate's, which is unique in a binary.
            #[unsafe(export_name = concat!("ficta_stamp_", env!("CARGO_CRATE_NAME")))]
            static STAMP: $crate::Stamp = $crate::Stamp::new(
                env!("CARGO_CRATE_NAME"),
                env!("CARGO_PKG_VERSION"),
                $backend,
                env!("CARGO_PKG_LICENSE"),
            );

            // SAFETY: the name likewise; `root_module` is the constructor of exactly this type of module.
            #[unsafe(export_name = concat!("ficta_header_", env!("CARGO_CRATE_NAME")))]
            static HEADER: $crate::private::abi_stable::library::LibHeader = unsafe {
                $crate::private::abi_stable::library::LibHeader::from_constructor::<$crate::abi::PluginModuleRef>(
                    $crate::abi::root_module,
                    $crate::private::abi_stable::library::CheckTypeLayout::Yes,
                )
            };
        };
    };
}
