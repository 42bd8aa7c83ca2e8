//! A check's settings: typed, with defaults and documentation.
//!
//! In: the author's struct. Out: [`ParamInfo`]s for the host, and the struct filled in from what
//! the project file says. Implemented by `#[derive(Params)]`.

use serde::de::DeserializeOwned;

use crate::check_info::ParamInfo;
use crate::error::{CheckError, CheckErrorKind};

/// A check's settings. Derive it, beside `serde::Serialize`, `serde::Deserialize`,
/// `#[serde(default, deny_unknown_fields)]` and a `Default` of your own; each field's doc comment
/// becomes its description, its default value its documented default.
pub trait Params: Default + DeserializeOwned {
    /// Name, description and default of each setting, in the order of the fields.
    fn infos() -> Vec<ParamInfo>;
}

/// No settings.
impl Params for () {
    fn infos() -> Vec<ParamInfo> {
        Vec::new()
    }
}

/// A value that can be shown as it would be written in the project file.
pub trait ParamValue {
    /// The value as TOML; empty if it cannot be written down, as with an absent option.
    fn to_toml(&self) -> String;
}

macro_rules! shown_by_display {
    ($($integer:ty),*) => {
        $(impl ParamValue for $integer {
            fn to_toml(&self) -> String {
                self.to_string()
            }
        })*
    };
}

shown_by_display!(bool, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

impl ParamValue for f64 {
    fn to_toml(&self) -> String {
        // Debug keeps the decimal point that makes it a float in TOML.
        format!("{self:?}")
    }
}

impl ParamValue for String {
    fn to_toml(&self) -> String {
        format!("\"{}\"", self.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

impl<T: ParamValue> ParamValue for Option<T> {
    fn to_toml(&self) -> String {
        self.as_ref().map_or_else(String::new, ParamValue::to_toml)
    }
}

impl<T: ParamValue> ParamValue for Vec<T> {
    fn to_toml(&self) -> String {
        format!(
            "[{}]",
            self.iter()
                .map(ParamValue::to_toml)
                .collect::<Vec<_>>()
                .join(", ")
        )
    }
}

/// The settings of these bytes. No bytes, or an empty map, mean the defaults.
pub(crate) fn decode<P: Params>(bytes: &[u8]) -> Result<P, CheckError> {
    if bytes.is_empty() || P::infos().is_empty() {
        return Ok(P::default());
    }
    rmp_serde::from_slice(bytes).map_err(|error| {
        CheckError::new(
            CheckErrorKind::BadParameter,
            format!("a setting is wrong: {error}"),
        )
    })
}
