//! The functions and types of Envoy's ABI for dynamic modules that this shell needs, and no others. Their source is
//! `source/extensions/dynamic_modules/abi/abi.h` in envoyproxy/envoy (where 1.38 has it: `.../dynamic_modules/abi.h`);
//! each stands here without the prefix `envoy_dynamic_module_` of its name there.

#![allow(unsafe_code)] // Foreign functions.

use std::ffi::{c_char, c_int, c_void};

/// `ENVOY_DYNAMIC_MODULES_ABI_VERSION` of 1.40, with the NUL that C wants.
pub(super) const VERSION: &std::ffi::CStr = c"v0.2.0";

/// `type_http_filter_config_envoy_ptr`: Envoy's side of a configuration.
pub(super) type HostConfig = *mut c_void;

/// `type_http_filter_envoy_ptr`: Envoy's side of a stream.
pub(super) type HostStream = *mut c_void;

/// `type_envoy_buffer` and `type_module_buffer`: bytes of Envoy's, or of ours.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Buffer {
    pub(super) data: *const u8,
    pub(super) len: usize,
}

/// `type_envoy_http_header` and `type_module_http_header`: a header of Envoy's, or of ours.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct AbiHeader {
    pub(super) name: Buffer,
    pub(super) value: Buffer,
}

/// `type_http_header_type`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) enum HeaderType {
    /// `RequestHeader`.
    Request = 0,
    /// `ResponseHeader`.
    Response = 2,
}

/// `type_on_http_filter_request_headers_status`, and that of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) enum HeadersStatus {
    /// `Continue`.
    Continue = 0,
    /// `StopIteration`: it was answered.
    Stop = 1,
}

/// `type_log_level`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) enum LogLevel {
    /// `Info`.
    Info = 2,
    /// `Warn`.
    Warn = 3,
    /// `Error`.
    Error = 4,
}

/// `type_metrics_result_Success`. Results are plain numbers here: a number that an enum does not list would be
/// undefined behaviour.
pub(super) const SUCCESS: c_int = 0;

unsafe extern "C" {
    #[link_name = "envoy_dynamic_module_callback_log"]
    pub(super) fn log(level: LogLevel, message: Buffer);

    #[link_name = "envoy_dynamic_module_callback_http_filter_config_define_counter"]
    pub(super) fn define_counter(
        config: HostConfig,
        name: Buffer,
        label_names: *const Buffer,
        label_count: usize,
        id: *mut usize,
    ) -> c_int;

    #[link_name = "envoy_dynamic_module_callback_http_filter_config_define_gauge"]
    pub(super) fn define_gauge(
        config: HostConfig,
        name: Buffer,
        label_names: *const Buffer,
        label_count: usize,
        id: *mut usize,
    ) -> c_int;

    #[link_name = "envoy_dynamic_module_callback_http_filter_increment_counter"]
    pub(super) fn increment_counter(
        stream: HostStream,
        id: usize,
        label_values: *const Buffer,
        label_count: usize,
        by: u64,
    ) -> c_int;

    #[link_name = "envoy_dynamic_module_callback_http_get_headers_size"]
    pub(super) fn count_headers(stream: HostStream, map: HeaderType) -> usize;

    #[link_name = "envoy_dynamic_module_callback_http_get_headers"]
    pub(super) fn get_headers(stream: HostStream, map: HeaderType, headers: *mut AbiHeader) -> bool;

    #[link_name = "envoy_dynamic_module_callback_http_add_header"]
    pub(super) fn add_header(stream: HostStream, map: HeaderType, name: Buffer, value: Buffer) -> bool;

    /// A null value removes the header.
    #[link_name = "envoy_dynamic_module_callback_http_set_header"]
    pub(super) fn set_header(stream: HostStream, map: HeaderType, name: Buffer, value: Buffer) -> bool;

    #[link_name = "envoy_dynamic_module_callback_http_send_response"]
    pub(super) fn send_response(
        stream: HostStream,
        status: u32,
        headers: *const AbiHeader,
        header_count: usize,
        body: Buffer,
        details: Buffer,
    );

    #[link_name = "envoy_dynamic_module_callback_http_set_filter_state_bytes"]
    pub(super) fn set_filter_state(stream: HostStream, key: Buffer, value: Buffer) -> bool;

    /// Puts a pointer in the place of the one of that name, for all libraries and as long as the process lives. False:
    /// no.
    #[link_name = "envoy_dynamic_module_callback_register_shared_data"]
    pub(super) fn register_shared_data(name: Buffer, data: *mut c_void) -> bool;

    /// False: there is none.
    #[link_name = "envoy_dynamic_module_callback_get_shared_data"]
    pub(super) fn get_shared_data(name: Buffer, data: *mut *mut c_void) -> bool;

    /// POSIX `dlsym`. A null library: whatever the process has.
    pub(super) fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// `callback_http_filter_config_set_gauge`, which 1.38 does not have: a module that names it would not load there.
pub(super) type SetGauge = unsafe extern "C" fn(
    config: HostConfig,
    id: usize,
    label_values: *const Buffer,
    label_count: usize,
    value: u64,
) -> c_int;

/// The name of [`SetGauge`].
pub(super) const SET_GAUGE: &std::ffi::CStr = c"envoy_dynamic_module_callback_http_filter_config_set_gauge";
