//! Timestamps and the times of others.

use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use durable_runtime::Timestamp;

const MILLIS: [i64; 5] = [0, 1, -1, 1_767_225_600_123, -62_135_596_800_000];

#[test]
fn a_timestamp_becomes_a_system_time_and_comes_back() {
    for millis in MILLIS {
        let time = Timestamp::from_millis(millis);
        let there = SystemTime::try_from(time).unwrap();
        assert_eq!(Timestamp::from(there), time);
    }
}

/// The system may have no such times.
#[test]
fn the_first_and_the_last_timestamp_come_back_where_the_system_has_them() {
    for millis in [i64::MIN, i64::MIN + 1, i64::MAX] {
        let time = Timestamp::from_millis(millis);
        if let Ok(there) = SystemTime::try_from(time) {
            assert_eq!(Timestamp::from(there), time);
        }
    }
}

#[test]
fn what_is_finer_than_a_millisecond_is_cut_off_in_one_direction() {
    let little = Duration::from_micros(300);
    assert_eq!(Timestamp::from(UNIX_EPOCH + little).as_millis(), 0);
    assert_eq!(Timestamp::from(UNIX_EPOCH - little).as_millis(), -1);
}

#[test]
fn a_duration_that_is_added_or_subtracted_makes_nothing_early() {
    let time = Timestamp::from_millis(10);
    let little = Duration::from_micros(2_300);
    assert_eq!((time + little).as_millis(), 13);
    assert_eq!((time - little).as_millis(), 8);
    assert_eq!((time - Duration::from_millis(12)).as_millis(), -2);
}

#[test]
fn a_sum_or_a_difference_beyond_all_timestamps_is_the_last_or_the_first() {
    let time = Timestamp::from_millis(-1);
    let (first, last) = (i64::MIN, i64::MAX);
    assert_eq!((time - Duration::MAX).as_millis(), first);
    assert_eq!((time - Duration::MAX - Duration::MAX).as_millis(), first);
    assert_eq!((time + Duration::MAX + Duration::MAX).as_millis(), last);
    assert_eq!((time + Duration::MAX).as_millis(), last);
    assert_eq!(
        (Timestamp::from_millis(1) - Duration::MAX).as_millis(),
        first
    );
}

#[test]
fn the_time_between_two_timestamps_leads_from_one_to_the_other_however_far_they_are_apart() {
    let [first, last] = [i64::MIN, i64::MAX].map(Timestamp::from_millis);
    assert_eq!(first + last.since(first), last);
    assert_eq!(last - last.since(first), first);
    assert_eq!(first.since(last), Duration::ZERO);
}

#[cfg(feature = "jiff")]
#[test]
fn a_timestamp_becomes_one_of_jiff_and_comes_back_where_jiff_reaches() {
    for millis in MILLIS {
        let time = Timestamp::from_millis(millis);
        let there = jiff::Timestamp::try_from(time).unwrap();
        assert_eq!(Timestamp::from(there), time);
    }
    let fine = jiff::Timestamp::from_nanosecond(-300).unwrap();
    assert_eq!(Timestamp::from(fine).as_millis(), -1);
    let never = Timestamp::from_millis(i64::MAX);
    let error = jiff::Timestamp::try_from(never).unwrap_err();
    assert!(error.to_string().ends_with("is out of range"), "{error}");
}
