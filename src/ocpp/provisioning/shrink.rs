//! A charge point that refuses a list of measurands does not name element that it does not support. The list is therefore written again,
//! one element shorter each time.

use super::desired_configuration::contains_all;

/// The next list to write: the longest beginning of `desired` that was not refused, and then, because a single element may be why the
/// rest was refused too, that list with each of the dropped elements. `current` is what the charge point has or accepted. `None` if
/// nothing is left to try.
pub(super) fn next_list(
    desired: &[String],
    refused: &[Vec<String>],
    current: &[String],
) -> Option<Vec<String>> {
    let was_refused = |list: &[String]| {
        refused
            .iter()
            .any(|other| contains_all(other, list) && contains_all(list, other))
    };
    let kept = (1..=desired.len())
        .rev()
        .find(|count| !was_refused(&desired[..*count]))?;
    let mut list = desired[..kept].to_vec();
    if !contains_all(current, &list) {
        return Some(list);
    }
    for element in desired.iter().skip(kept + 1) {
        list.push(element.clone());
        if was_refused(&list) {
            list.pop();
        } else if !contains_all(current, &list) {
            return Some(list);
        }
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use crate::ocpp::provisioning::desired_configuration::elements;
    use crate::ocpp::provisioning::shrink::*;

    fn list(text: &str) -> Vec<String> {
        elements(text)
    }

    /// The lists written until nothing is left, for a charge point that supports `supported`.
    fn tried(supported: &str, max: usize) -> Vec<String> {
        let desired = list("E,P,I,V,S");
        let (mut current, mut refused, mut written) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(next) = next_list(&desired, &refused, &current) {
            if contains_all(&current, &next) {
                break;
            }
            written.push(next.concat());
            if contains_all(&list(supported), &next) && next.len() <= max {
                current = next;
            } else {
                refused.push(next);
            }
        }
        written
    }

    #[test]
    fn a_list_shrinks_by_one_and_ends_with_all_that_is_supported() {
        for (supported, max, want) in [
            ("E,P,I,V,S", 9, "EPIVS"),
            ("E,P,I,V", 9, "EPIVS EPIV"),
            ("E,P,I,S", 9, "EPIVS EPIV EPI EPIS"),
            ("E,I,V,S", 9, "EPIVS EPIV EPI EP E EI EIV EIVS"),
            ("E", 9, "EPIVS EPIV EPI EP E EI EV ES"),
            ("E,P,I,V,S", 2, "EPIVS EPIV EPI EP EPV EPS"),
            ("", 9, "EPIVS EPIV EPI EP E"),
        ] {
            assert_eq!(tried(supported, max).join(" "), want, "{supported}");
        }
    }

    #[test]
    fn refusals_that_are_known_need_no_more_writes() {
        let refused = ["E,P,I,V,S", "E,P,I,V", "E,P,I", "E,P"].map(list).to_vec();
        let current = list("E,I,V,S");
        let next = next_list(&list("E,P,I,V,S"), &refused, &current).expect("a list");
        assert!(contains_all(&current, &next), "{next:?}");
    }
}
