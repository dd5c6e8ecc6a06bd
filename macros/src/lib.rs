//! The procedural macro behind `wit_async::generate!`.
