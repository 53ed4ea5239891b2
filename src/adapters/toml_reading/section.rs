//! The keys of a section, declared once: how they are read, and what the reference says of them.

/// Declares a section: a struct with one field for each key, and the list of its keys.
macro_rules! section {
    ($( #[doc = $about:literal] )* $name:ident { $( $( #[doc = $meaning:literal] )+ $key:ident: $kind:ty, )* }) => {
        $( #[doc = $about] )*
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $( $( #[doc = $meaning] )+ pub(super) $key: $crate::adapters::toml_reading::Said<$kind>, )*
        }

        impl $name {
            /// Every key of the section.
            pub(super) const KEYS: &[&str] = &[ $( $crate::adapters::toml_reading::key_name(stringify!($key)) ),* ];
        }

        const _: () = {
            use toml::Spanned;
            use toml::de::DeValue;
            use $crate::adapters::toml_reading::{FromToml, Reading};

            impl FromToml for $name {
                fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<$name> {
                    let keys = reading.table(value, $name::KEYS)?;
                    Some($name { $( $key: keys.get($crate::adapters::toml_reading::key_name(stringify!($key)), reading), )* })
                }
            }
        };

        #[cfg(test)]
        const _: () = {
            use $crate::adapters::toml_reading::tests::reference::{Described, Key, Kind};

            impl Described for $name {
                fn kind() -> Kind {
                    Kind::section(concat!($( $about ),*), vec![
                        $( Key::new($crate::adapters::toml_reading::key_name(stringify!($key)), concat!($( $meaning ),+), <$kind as Described>::kind()) ),*
                    ])
                }
            }
        };
    };
}

pub(crate) use section;
