use proptest::{collection::vec, prelude::*};
use tfplugin_rs::value::{Type, Value, msgpack};

use crate::generate::{Knowledge, ty, typed_value};

proptest! {
    #[test]
    fn what_is_written_is_read_again((ty, value) in typed_value(Knowledge::Planned)) {
        let bytes = msgpack::encode(&value, &ty).unwrap();
        prop_assert_eq!(msgpack::decode(&bytes, &ty), Ok(value));
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes in vec(any::<u8>(), 0..200), ty in ty()) {
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            prop_assert!(msgpack::encode(&value, &ty).is_ok());
        }
    }

    #[test]
    fn any_refinement_is_an_unknown_value(body in vec(any::<u8>(), 2..100), ty in ty()) {
        let bytes = [&[0xc7, u8::try_from(body.len()).unwrap(), 12][..], &body].concat();
        prop_assert!(matches!(msgpack::decode(&bytes, &ty), Ok(Value::Unknown(_))));
    }

    #[test]
    fn a_value_with_a_damaged_byte_is_a_value_or_an_error(
        (ty, value) in typed_value(Knowledge::Planned),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = msgpack::encode(&value, &ty).unwrap();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            let again = msgpack::encode(&value, &ty).unwrap();
            prop_assert_eq!(msgpack::decode(&again, &ty), Ok(value));
        }
    }

    #[test]
    fn a_value_cut_short_is_never_taken_for_a_value((ty, value) in typed_value(Knowledge::Planned)) {
        let bytes = msgpack::encode(&value, &ty).unwrap();
        for cut in 1..bytes.len().min(300) {
            prop_assert!(msgpack::decode(&bytes[..cut], &ty).is_err(), "after {} of {} bytes", cut, bytes.len());
        }
    }

    #[test]
    fn two_sets_of_the_same_elements_are_equal(mut elements in vec("[a-c]{0,2}", 0..8)) {
        let ty = Type::set(Type::String);
        let sorted = Value::string_set(elements.clone());
        elements.reverse();
        let bytes = msgpack::encode(&Value::string_list(elements), &ty).unwrap();
        prop_assert_eq!(msgpack::decode(&bytes, &ty), Ok(sorted));
    }
}
