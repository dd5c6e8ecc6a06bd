//! Handles that leave the instance (canonical-abi.md §1.5, §4.1, §5.4).

use super::raw::{Kind, call};
use super::row::{Row, row};
use crate::host::{Side, Site, Type};
use wit_async::native::Host as _;

pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (lift, is_future) in [("lift of a stream", false), ("lift of a future", true)] {
        let readable = Kind::new(is_future, Side::Readable);
        rows.push(row(
            Site::LiftFromSet,
            lift,
            "handle 1 is handed away from within a set",
            move |host| {
                let (end, _) = readable.pair(host, Type::Unit);
                let set = host.waitable_set_new();
                host.waitable_join(end, set);
                call(host, lift, end);
            },
        ));
        rows.push(row(
            Site::LiftNotIdle,
            lift,
            "handle 1 is handed away when it is Copying",
            move |host| {
                let (end, _) = readable.pair(host, Type::Unit);
                readable.copy(host, end);
                call(host, lift, end);
            },
        ));
        rows.push(row(
            Site::LiftNotIdle,
            lift,
            "handle 1 is handed away when it is Done",
            move |host| {
                let end = super::copies::done(host, readable);
                call(host, lift, end);
            },
        ));
    }
    rows.extend(Site::Lent.reached_by().map(|built_in| {
        let what = "handle 1 is a token 7, lent 1 times that is lent";
        row(Site::Lent, built_in, what, move |host| {
            let token = host.new_token(7);
            host.lend(token);
            call(host, built_in, token);
        })
    }));
    rows
}
