//! The program: everything is in the library.

/// The system's allocator keeps many small requests' memory for ever; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    folkmoot::cli::run()
}
