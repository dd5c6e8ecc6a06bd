//! The rules of handles that are checked while a program runs: whoever breaks one, guest or
//! host, gets an error, and each resource is destroyed once all the same.

mod broken_by_guests;
mod broken_by_the_host;
mod set_up;
mod store;
