//! What is written to a person's profile in Braze: attributes and events. Only values that may be written twice without
//! harm: nothing is counted up, nothing is added to a list.

mod attributes;
mod event;
mod value;

pub use attributes::{Attributes, Subscription};
pub use event::Event;
pub use value::{FieldName, Finite, NotWritable, ProfileText, ProfileValue};
