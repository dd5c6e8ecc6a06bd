//! What the host gets at.

use futures::future::join;

use super::{collected, numbers};
use crate::bindings::test::boxes::boxes::{self, Access, Nothing, Problem};

pub async fn wrong_type() {
    let text = boxes::text("seven");
    let number = boxes::number(7);
    assert_eq!(boxes::read_number(&text), Err(Problem::WrongType));
    assert_eq!(boxes::add(&text, 1), Err(Problem::WrongType));
    assert_eq!(boxes::read_text(&number), Err(Problem::WrongType));
    assert_eq!(boxes::read_text(&text).as_deref(), Ok("seven"));
    assert_eq!(boxes::read_number(&number), Ok(7));
    drop((text, number));
    collected(2, 0);
}

pub async fn released() {
    assert_eq!(boxes::consume(boxes::number(7)), Ok(7));
    let released = boxes::consume_first(boxes::number(7));
    assert_eq!(released, Err(Problem::Released));
    collected(2, 0);
}

pub async fn wraps_nothing() {
    for nothing in [Nothing::Null, Nothing::Number] {
        let it = boxes::empty(nothing);
        assert_eq!(boxes::read_number(&it), Err(Problem::Empty));
        assert_eq!(boxes::add(&it, 1), Err(Problem::Empty));
        assert_eq!(boxes::read_text(&it), Err(Problem::Empty));
        assert_eq!(boxes::consume(it), Err(Problem::Empty));
    }
    collected(0, 0);
}

pub async fn accesses_at_once() {
    let it = boxes::number(7);
    let at_once = |first, second| boxes::at_once(&it, first, second);
    assert_eq!(at_once(Access::Shared, Access::Shared), Ok(()));
    let busy = Err(Problem::Busy);
    assert_eq!(at_once(Access::Shared, Access::Exclusive), busy);
    assert_eq!(at_once(Access::Exclusive, Access::Shared), busy);
    assert_eq!(at_once(Access::Exclusive, Access::Exclusive), busy);
    assert_eq!(boxes::add(&it, 1), Ok(8), "all of them are over");
    drop(it);
    collected(1, 0);
}

pub async fn busy_across_an_await() {
    let it = boxes::number(7);
    let other = boxes::number(1);
    let meanwhile = async {
        assert_eq!(boxes::read_number(&it), Err(Problem::Busy));
        assert_eq!(boxes::add(&it, 1), Err(Problem::Busy));
        assert_eq!(boxes::hold(&it).await, Err(Problem::Busy));
        assert_eq!(numbers([&other]), [1], "others are free");
        collected(2, 2);
    };
    let let_go = async {
        meanwhile.await;
        boxes::let_go();
    };
    let (held, ()) = join(boxes::hold(&it), let_go).await;
    assert_eq!(held, Ok(()));
    assert_eq!(boxes::add(&it, 1), Ok(8));
    drop((it, other));
    collected(2, 0);
}
