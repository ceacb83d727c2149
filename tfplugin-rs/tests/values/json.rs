use proptest::{collection::vec, prelude::*};
use tfplugin_rs::value::{Type, json};

use crate::generate::{Knowledge, number, ty, typed_value};

proptest! {
    #[test]
    fn what_is_stored_is_read_again((ty, value) in typed_value(Knowledge::Known)) {
        let text = json::encode(&value, &ty).unwrap();
        prop_assert_eq!(json::decode(&text, &ty), Ok(value));
    }

    #[test]
    fn only_what_is_known_is_stored((ty, value) in typed_value(Knowledge::Planned)) {
        prop_assert_eq!(json::encode(&value, &ty).is_ok(), value.is_wholly_known());
    }

    #[test]
    fn a_number_is_one_number_as_number_and_as_text(number in number()) {
        let plain = json::decode(number.to_string().as_bytes(), &Type::Number).unwrap();
        let quoted = json::decode(format!("\"{number}\"").as_bytes(), &Type::Number).unwrap();
        prop_assert_eq!(plain.as_number(), Some(&number));
        prop_assert_eq!(plain, quoted);
    }

    #[test]
    fn any_text_is_a_value_or_an_error(text in vec("[\\[\\]{}:,\"a-z0-9. -]|type|value|null|true", 0..40), ty in ty()) {
        let _ = json::decode(text.concat().as_bytes(), &ty);
    }
}
