//! One setter a setting.

/// In the `impl` of some settings: a line of documentation, the field, its type, and `=> Some` where the field is an
/// `Option` of it.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty $(=> $wrap:ident)?;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: $type) -> Self {
                self.$name = $($wrap)?($name);
                self
            }
        )*
    };
}

pub(crate) use setters;
