//! Payloads that are told apart, so that it can be seen which of them got lost.

use super::ends::{AnyEnd, EndOf, pair};
use crate::host::resource::{Rep, Token};
use crate::host::{
    Channel, Fussy, Held, Nested, NestedFuture, Nothing, Rules, Side, Type, Value, Wire, item_text,
    number_in,
};

/// A payload of programs.
pub trait Item: Wire {
    /// Whether values can be told apart.
    const NUMBERED: bool = true;
    /// The number in messages between instances.
    const CODE: u32;
    /// Whether a value is the same in Rust and in the ABI: its reads may outlive
    /// the task that began them.
    const IS_PLAIN: bool = matches!(Self::CODE, 0 | 5);
    /// Whether there are ends of channels in it, and whether tokens.
    const CARRIES: (bool, bool) = (matches!(Self::CODE, 4 | 8), Self::CODE == 3);

    /// A value, and what it is known by. A stream or a future in a value brings a
    /// writable end along.
    fn make(number: u32) -> (Self, u32, Option<AnyEnd>);

    /// What a value is known by.
    fn number(&self) -> u32;

    /// The end in it, if there is one.
    fn into_end(self) -> Option<AnyEnd> {
        None
    }
}

macro_rules! items {
    ($($payload:ty = $code:literal $(, $numbered:literal)?: $make:expr, $number:expr;)*) => {$(
        impl Item for $payload {
            $(const NUMBERED: bool = $numbered;)?
            const CODE: u32 = $code;

            fn make(number: u32) -> (Self, u32, Option<AnyEnd>) {
                {
                let value: $payload = $make(number);
                let known = value.number();
                (value, known, None)
            }
            }

            fn number(&self) -> u32 {
                $number(self)
            }
        }
    )*};
}

items! {
    u32 = 0: |number| number, |number: &u32| *number;
    String = 1: item_text, |text: &String| number_in(text);
    Vec<String> = 2:
        |number| vec![item_text(number), String::new()],
        |texts: &Vec<String>| texts.first().map_or(0, |text| number_in(text));
    Token = 3: Token::new, Token::number;
    () = 5, false: |_| (), |_| 0;
    Nothing = 6, false: |_| Nothing, |_| 0;
    Fussy = 7: |number| Fussy(item_text(number)), |fussy: &Fussy| number_in(&fussy.0);
}

impl Item for Nested {
    const CODE: u32 = 4;

    fn make(_: u32) -> (Self, u32, Option<AnyEnd>) {
        let [writer, reader] = pair::<u32>(false);
        let EndOf::Reader(serial, reader) = reader else {
            unreachable!("a stream was made");
        };
        (Nested { reader, serial }, serial, Some(writer.into()))
    }

    fn number(&self) -> u32 {
        self.serial
    }

    fn into_end(self) -> Option<AnyEnd> {
        Some(EndOf::Reader(self.serial, self.reader).into())
    }
}

impl Item for NestedFuture {
    const CODE: u32 = 8;

    fn make(_: u32) -> (Self, u32, Option<AnyEnd>) {
        let [writer, reader] = pair::<String>(true);
        let EndOf::Awaited(serial, reader) = reader else {
            unreachable!("a future was made");
        };
        (NestedFuture { reader, serial }, serial, Some(writer.into()))
    }

    fn number(&self) -> u32 {
        self.serial
    }

    fn into_end(self) -> Option<AnyEnd> {
        Some(EndOf::Awaited(self.serial, self.reader).into())
    }
}

/// A value that the host makes. A stream or a future in it brings a writable end along.
pub fn host_value(ty: Type, number: u32, rules: Rules) -> (Value, Option<Held>) {
    let value = match ty {
        Type::Unit | Type::Nothing => Value::Unit,
        Type::Byte => Value::Byte(number as u8),
        Type::Word => Value::Word(number),
        Type::Text => Value::Text(item_text(number)),
        Type::Lists => Value::Lists(vec![item_text(number), String::new()]),
        Type::Texts => unreachable!("programs have no such payload"),
        Type::Token => Value::Token(Rep::new(number)),
        Type::Reader | Type::Awaited => {
            let is_future = ty == Type::Awaited;
            let inner = if is_future { Type::Text } else { Type::Word };
            let channel = Channel::shared(is_future, inner, rules);
            let reader = Held::new(channel.clone(), Side::Readable);
            return (
                Value::Reader(reader),
                Some(Held::new(channel, Side::Writable)),
            );
        }
    };
    (value, None)
}
