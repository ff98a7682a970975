//! The program: everything is in the library.

/// The system's allocator keeps many small requests' memory for ever; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    // FAILPOINTS names where it is to stop or to err: see tests/faults.
    #[cfg(feature = "failpoints")]
    let _faults = fail::FailScenario::setup();
    folkmoot::cli::run()
}
