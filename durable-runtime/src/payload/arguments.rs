//! The arguments of a function as one recorded value.

use std::any::type_name;

use super::CodecError;
use super::Payload;
use super::Recorded;

/// The arguments of an activity or orchestrator as one recorded value: none as nothing, one as the
/// value itself, several as an array.
pub trait Arguments: Sized + Send + 'static {
    /// How many there are.
    const COUNT: usize;

    /// Records the arguments.
    ///
    /// # Errors
    /// [`CodecError`] if one of them has no recorded form.
    fn encode(&self) -> Result<Option<Payload>, CodecError>;

    /// Decodes the arguments.
    ///
    /// # Errors
    /// [`CodecError`] if the recorded value does not decode as these arguments.
    fn decode(recorded: Option<&Payload>) -> Result<Self, CodecError>;
}

impl Arguments for () {
    const COUNT: usize = 0;

    fn encode(&self) -> Result<Option<Payload>, CodecError> {
        Ok(None)
    }

    /// Whatever is recorded is ignored: a function that takes nothing can be started with anything.
    fn decode(_recorded: Option<&Payload>) -> Result<Self, CodecError> {
        Ok(())
    }
}

impl<A: Recorded> Arguments for (A,) {
    const COUNT: usize = 1;

    fn encode(&self) -> Result<Option<Payload>, CodecError> {
        self.0.to_payload().map(Some)
    }

    fn decode(recorded: Option<&Payload>) -> Result<Self, CodecError> {
        match recorded {
            Some(payload) => A::from_payload(payload).map(|value| (value,)),
            // An absent input is `None` for an optional argument and an error for any other.
            None => Payload::from_json("null")
                .and_then(|null| A::from_payload(&null))
                .map(|value| (value,))
                .map_err(|_| CodecError::arguments(type_name::<A>(), "the input is absent")),
        }
    }
}

macro_rules! arguments_of_tuple {
    ($($name:ident),+) => {
        impl<$($name: Recorded),+> Arguments for ($($name,)+) {
            const COUNT: usize = [$(stringify!($name)),+].len();

            fn encode(&self) -> Result<Option<Payload>, CodecError> {
                #[expect(non_snake_case, reason = "a value is named after its type's parameter")]
                let ($($name,)+) = self;
                let mut number = 0;
                let values = [$({
                    number += 1;
                    $name.to_argument(number)?
                }),+];
                Ok(Some(Payload::array(&values)))
            }

            fn decode(recorded: Option<&Payload>) -> Result<Self, CodecError> {
                let absent = || CodecError::arguments(type_name::<Self>(), "the input is absent");
                // One after the other and not as a tuple, so that an error can name its argument.
                let mut values = recorded.ok_or_else(absent)?.decode::<Vec<Payload>>()?.into_iter();
                let mut number = 0;
                let arguments = ($({
                    number += 1;
                    next_argument::<$name>(&mut values).map_err(|error| error.of_argument(number))?
                },)+);
                match values.next() {
                    // A caller that sends more than the function takes means another function;
                    // ignoring it would lose what it said.
                    Some(_) => Err(CodecError::arguments(type_name::<Self>(), "there are too many")),
                    None => Ok(arguments),
                }
            }
        }
    };
}

fn next_argument<T: Recorded>(values: &mut impl Iterator<Item = Payload>) -> Result<T, CodecError> {
    let value = values.next();
    let value = value.ok_or_else(|| CodecError::arguments(type_name::<T>(), "it is missing"))?;
    T::from_payload(&value)
}

arguments_of_tuple!(A, B);
arguments_of_tuple!(A, B, C);
arguments_of_tuple!(A, B, C, D);
arguments_of_tuple!(A, B, C, D, E);
arguments_of_tuple!(A, B, C, D, E, F);
arguments_of_tuple!(A, B, C, D, E, F, G);
arguments_of_tuple!(A, B, C, D, E, F, G, H);
arguments_of_tuple!(A, B, C, D, E, F, G, H, I);
arguments_of_tuple!(A, B, C, D, E, F, G, H, I, J);
arguments_of_tuple!(A, B, C, D, E, F, G, H, I, J, K);
arguments_of_tuple!(A, B, C, D, E, F, G, H, I, J, K, L);
