//! How rich values become bytes and back: MessagePack with named fields.
//!
//! In: values with serde. Out: bytes; an older reader skips fields it does not know, a newer one
//! fills in what is absent. Reading is bounded by the length of the bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::CheckError;

/// The bytes of a value. Values of this crate always encode.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_default()
}

/// The value of these bytes.
///
/// # Errors
/// If the bytes are not such a value; `what` names it in the message.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, CheckError> {
    rmp_serde::from_slice(bytes)
        .map_err(|error| CheckError::failed(format!("{what} cannot be read: {error}")))
}
