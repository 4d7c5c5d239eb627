//! The `proxy_*` imports: the pointers of the ABI on one side, the host's state on the other.
//!
//! An import cannot fail a test itself, since a panic does not unwind through `extern "C"`: it has the host note a
//! violation, which fails the test once the callback has returned.
#![allow(unsafe_code)] // The ABI passes pointers.

use std::slice;

use super::headers::HostHeaders;
use super::owner::{self, CodeOwner};
use super::state::{
    BAD_ARGUMENT, Callback, HostLogLine, Import, LocalReply, NOT_FOUND, NativeHost, OK, text, with_host,
};

/// `proxy_buffer_type_t::PluginConfiguration`.
const PLUGIN_CONFIGURATION: u32 = 7;

fn status(result: Result<u32, u32>) -> u32 {
    result.unwrap_or_else(|status| status)
}

/// Hands `bytes` over in a block that the module allocates for them.
///
/// # Safety
/// `data` and `len` are where the module wants to be told of it.
unsafe fn hand_over(host: &mut NativeHost, bytes: &[u8], data: *mut *mut u8, len: *mut usize) -> u32 {
    if let Some(call) = host.exchange.calls.last_mut() {
        call.handed_over = bytes.len();
    }
    let mut block = std::ptr::null_mut();
    if !bytes.is_empty() {
        block = owner::scoped(CodeOwner::Abi, || edge_malloc(bytes.len()));
        // SAFETY: the block is new and as long as was asked for.
        unsafe { block.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
    // SAFETY: as the caller vouches.
    unsafe {
        data.write(block);
        len.write(bytes.len());
    }
    OK
}

/// # Safety
/// `data` points to `len` bytes that live until the import returns: what the ABI asks of every slice.
unsafe fn bytes<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as the caller vouches.
    unsafe { slice::from_raw_parts(data, len) }
}

// SAFETY: the signature with which the filter defines it.
unsafe extern "C" {
    safe fn edge_malloc(size: usize) -> *mut u8;
}

// SAFETY, of all definitions below: the names are those of the ABI, which nothing else in a test binary defines, and
// the signatures those with which the SDK and the filter declare them.

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_log(level: u32, message: *const u8, len: usize) -> u32 {
    // SAFETY: the module's slice.
    let message = unsafe { bytes(message, len) };
    with_host(|host| {
        host.log.push(HostLogLine {
            level,
            text: String::from_utf8_lossy(message).into_owned(),
        });
    });
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_buffer_bytes(
    buffer: u32,
    start: usize,
    max: usize,
    data: *mut *mut u8,
    len: *mut usize,
) -> u32 {
    with_host(|host| {
        if host.callback != Some(Callback::Configure) || buffer != PLUGIN_CONFIGURATION {
            return host.note(format!("buffer {buffer} read"));
        }
        let configuration = host.configuration.clone();
        let rest = configuration.get(start..).unwrap_or_default();
        let part = rest.get(..max).unwrap_or(rest);
        // SAFETY: the module's places.
        unsafe { hand_over(host, part, data, len) }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_value(
    map: u32,
    name: *const u8,
    name_len: usize,
    data: *mut *mut u8,
    len: *mut usize,
) -> u32 {
    // SAFETY: the module's slice.
    let name = unsafe { bytes(name, name_len) };
    status(with_host(|host| {
        host.begin(Import::GetHeader, text(name))?;
        let value = host.map(map, &text(name))?.get(name).ok_or(NOT_FOUND)?.to_vec();
        // SAFETY: the module's places.
        Ok(unsafe { hand_over(host, &value, data, len) })
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, len: *mut usize) -> u32 {
    status(with_host(|host| {
        host.begin(Import::GetHeaders, String::new())?;
        let pairs = host.map(map, "pairs")?.serialise();
        // SAFETY: the module's places.
        Ok(unsafe { hand_over(host, &pairs, data, len) })
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_replace_header_map_value(
    map: u32,
    name: *const u8,
    name_len: usize,
    value: *const u8,
    value_len: usize,
) -> u32 {
    // SAFETY: the module's slices.
    let (name, value) = unsafe { (bytes(name, name_len), bytes(value, value_len)) };
    status(with_host(|host| {
        host.check_header(name, value);
        host.begin(Import::ReplaceHeader, text(name))?;
        host.writable(map, &text(name))?.replace(name, value);
        Ok(OK)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_remove_header_map_value(map: u32, name: *const u8, name_len: usize) -> u32 {
    // SAFETY: the module's slice.
    let name = unsafe { bytes(name, name_len) };
    status(with_host(|host| {
        host.begin(Import::RemoveHeader, text(name))?;
        host.writable(map, &text(name))?.remove(name);
        Ok(OK)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_send_local_response(
    status_code: u32,
    _details: *const u8,
    details_len: usize,
    body: *const u8,
    body_len: usize,
    headers: *const u8,
    headers_len: usize,
    _grpc_status: i32,
) -> u32 {
    // SAFETY: the module's slices; an empty one may be anywhere.
    let (body, headers) = unsafe { (bytes(body, body_len), bytes(headers, headers_len)) };
    status(with_host(|host| {
        host.begin(Import::SendLocalResponse, status_code.to_string())
            .map_err(|status| match host.callback {
                // Envoy would take note of an answer that it can read for the next request.
                Some(Callback::Configure) if details_len <= isize::MAX as usize => {
                    host.note("a local response outside of a stream".into())
                }
                _ => status,
            })?;
        if host.callback != Some(Callback::RequestHeaders) || host.exchange.reply.is_some() {
            return Err(host.note("a local response in the response callback, or a second one".into()));
        }
        let Some(headers) = HostHeaders::parse(headers) else {
            return Err(host.note(format!("malformed header map: {}", text(headers))));
        };
        for (name, value) in headers.iter() {
            host.check_header(name, value);
        }
        host.exchange.reply = Some(LocalReply {
            status: status_code,
            headers,
            body: body.to_vec(),
        });
        Ok(OK)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_property(
    path: *const u8,
    path_len: usize,
    value: *const u8,
    value_len: usize,
) -> u32 {
    // SAFETY: the module's slices.
    let (path, value) = unsafe { (bytes(path, path_len), bytes(value, value_len)) };
    status(with_host(|host| {
        host.begin(Import::SetProperty, format!("{} = {}", text(path), text(value)))?;
        Ok(OK)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_define_metric(_kind: u32, name: *const u8, len: usize, id: *mut u32) -> u32 {
    // SAFETY: the module's slice.
    let name = text(unsafe { bytes(name, len) });
    with_host(|host| {
        let metrics = &mut host.metrics;
        if metrics.are_denied {
            return BAD_ARGUMENT;
        }
        // A name defined again is the same statistic under another id.
        let known = metrics.defined.iter().position(|(defined, _)| *defined == name);
        let index = known.unwrap_or_else(|| {
            metrics.defined.push((name, 0));
            metrics.defined.len() - 1
        });
        metrics.ids.push(index);
        let last = metrics.ids.len() - 1;
        // SAFETY: the module's place.
        unsafe { id.write(last.try_into().unwrap()) };
        OK
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_increment_metric(id: u32, by: i64) -> u32 {
    change_metric(id, |value| value.checked_add_signed(by).unwrap())
}

#[unsafe(no_mangle)]
extern "C" fn proxy_record_metric(id: u32, to: u64) -> u32 {
    change_metric(id, |_| to)
}

/// By changing none, the module may find out whether it could change one.
const NO_METRIC: u32 = u32::MAX;

fn change_metric(id: u32, change: impl FnOnce(u64) -> u64) -> u32 {
    with_host(|host| {
        if id == NO_METRIC {
            return BAD_ARGUMENT;
        }
        host.metrics.changes += 1;
        let index = host.metrics.ids.get(id as usize);
        match index.map(|index| &mut host.metrics.defined[*index]) {
            Some((_, value)) => {
                *value = change(*value);
                OK
            }
            None => host.note(format!("metric {id} does not exist")),
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_set_tick_period_milliseconds(period: u32) -> u32 {
    with_host(|host| host.metrics.tick_period = Some(period));
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32 {
    // SAFETY: the module's place.
    unsafe { time.write(1_700_000_000_000_000_000) };
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_property(
    path: *const u8,
    path_len: usize,
    data: *mut *mut u8,
    len: *mut usize,
) -> u32 {
    // SAFETY: the module's slice.
    let path = unsafe { bytes(path, path_len) };
    status(with_host(|host| {
        host.shared.begin(host.callback, "proxy_get_property")?;
        let value = match path {
            b"plugin_name" => host.shared.plugin_name.clone(),
            b"plugin_root_id" => host.shared.root_id.clone(),
            _ => return Err(NOT_FOUND),
        };
        // SAFETY: the module's places.
        Ok(unsafe { hand_over(host, value.as_bytes(), data, len) })
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_shared_data(
    key: *const u8,
    key_len: usize,
    data: *mut *mut u8,
    len: *mut usize,
    version: *mut u32,
) -> u32 {
    // SAFETY: the module's slice.
    let key = unsafe { bytes(key, key_len) };
    status(with_host(|host| {
        host.shared.begin(host.callback, "proxy_get_shared_data")?;
        let value = host.shared.values.get(key).ok_or(NOT_FOUND)?.clone();
        // SAFETY: the module's places.
        unsafe {
            version.write(1);
            Ok(hand_over(host, &value, data, len))
        }
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_shared_data(
    key: *const u8,
    key_len: usize,
    value: *const u8,
    value_len: usize,
    version: u32,
) -> u32 {
    // SAFETY: the module's slices.
    let (key, value) = unsafe { (bytes(key, key_len), bytes(value, value_len)) };
    status(with_host(|host| {
        host.shared.begin(host.callback, "proxy_set_shared_data")?;
        if version != 0 {
            return Err(host.note("shared data that another VM may have changed".into()));
        }
        host.shared.values.insert(key.to_vec(), value.to_vec());
        Ok(OK)
    }))
}

/// The imports that only the SDK's default methods refer to. They return `Ok`, which the SDK does not panic on, and the
/// violation fails the test.
macro_rules! unexpected {
    ($($name:ident($($argument:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($(_: $argument),*) -> u32 {
            with_host(|host| host.note(concat!(stringify!($name), " called").into()));
            OK
        }
    )*};
}

type In = *const u8;
type Out<T> = *mut T;

unexpected! {
    proxy_add_header_map_value(u32, In, usize, In, usize);
    proxy_call_foreign_function(In, usize, In, usize, Out<In>, Out<usize>);
    proxy_close_stream(u32);
    proxy_continue_stream(u32);
    proxy_dequeue_shared_queue(u32, Out<In>, Out<usize>);
    proxy_done();
    proxy_enqueue_shared_queue(u32, In, usize);
    proxy_get_log_level(Out<u32>);
    proxy_get_metric(u32, Out<u64>);
    proxy_get_status(Out<u32>, Out<In>, Out<usize>);
    proxy_grpc_call(In, usize, In, usize, In, usize, In, usize, In, usize, u32, Out<u32>);
    proxy_grpc_cancel(u32);
    proxy_grpc_close(u32);
    proxy_grpc_send(u32, In, usize, bool);
    proxy_grpc_stream(In, usize, In, usize, In, usize, In, usize, Out<u32>);
    proxy_http_call(In, usize, In, usize, In, usize, In, usize, u32, Out<u32>);
    proxy_register_shared_queue(In, usize, Out<u32>);
    proxy_resolve_shared_queue(In, usize, In, usize, Out<u32>);
    proxy_set_buffer_bytes(u32, usize, usize, In, usize);
    proxy_set_effective_context(u32);
    proxy_set_header_map_pairs(u32, In, usize);
}

#[cfg(test)]
#[allow(unused_imports)] // A test binary with a harness of its own leaves these tests out.
mod tests {
    use super::super::state::{REQUEST_HEADERS, RESPONSE_HEADERS, StreamExchange};
    use super::*;

    fn read(map: u32, name: &str) -> (u32, Option<Vec<u8>>) {
        let (mut data, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: live places and a live slice. A block that is handed over is copied and stays the module's.
        unsafe {
            let status = proxy_get_header_map_value(map, name.as_ptr(), name.len(), &mut data, &mut len);
            let is_given = !data.is_null();
            (status, is_given.then(|| bytes(data, len).to_vec()))
        }
    }

    fn in_callback<R>(
        callback: Callback,
        exchange: StreamExchange,
        work: impl FnOnce() -> R,
    ) -> (R, Vec<String>) {
        with_host(|host| {
            host.reset();
            host.callback = Some(callback);
            host.exchange = exchange;
        });
        let returned = work();
        let violations = with_host(|host| {
            let violations = std::mem::take(&mut host.violations);
            host.reset();
            violations
        });
        (returned, violations)
    }

    fn exchange() -> StreamExchange {
        let lines = [
            ("Origin", "https://a.example"),
            ("accept", "a"),
            ("origin", "https://b.example"),
            ("accept", "b"),
        ];
        let lines = lines.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        StreamExchange {
            request: HostHeaders::request("GET", "edge.example", "/", lines),
            response: Some(HostHeaders::default()),
            ..StreamExchange::default()
        }
    }

    #[test]
    fn the_host_reads_headers_as_envoy_does() {
        let ((), violations) = in_callback(Callback::RequestHeaders, exchange(), || {
            let folded = b"https://a.example,https://b.example".to_vec();
            assert_eq!(read(REQUEST_HEADERS, "origin"), (OK, Some(folded)));
            assert_eq!(read(REQUEST_HEADERS, "Accept"), (OK, Some(b"a".to_vec())));
            assert_eq!(read(REQUEST_HEADERS, "cookie"), (NOT_FOUND, None));
        });
        assert_eq!(violations, [""; 0]);
    }

    #[test]
    fn the_host_sees_what_a_filter_must_not_do() {
        let (read, violations) = in_callback(Callback::ResponseHeaders, exchange(), || {
            read(REQUEST_HEADERS, "origin")
        });
        assert_eq!(read, (BAD_ARGUMENT, None));
        assert_eq!(violations.len(), 1);

        let (name, value) = ("vary", "Origin\r\nset-cookie: x");
        for (callback, map) in [
            (Callback::RequestHeaders, REQUEST_HEADERS),
            (Callback::RequestHeaders, RESPONSE_HEADERS),
            (Callback::ResponseHeaders, RESPONSE_HEADERS),
        ] {
            let (_, violations) = in_callback(callback, exchange(), || {
                // SAFETY: live slices.
                unsafe {
                    proxy_replace_header_map_value(
                        map,
                        name.as_ptr(),
                        name.len(),
                        value.as_ptr(),
                        value.len(),
                    )
                }
            });
            assert!(!violations.is_empty(), "{callback:?} {map}");
        }

        let (_, violations) = in_callback(Callback::RequestHeaders, exchange(), || proxy_done());
        assert_eq!(violations, ["proxy_done called"]);
    }

    #[test]
    fn only_a_whole_map_is_read() {
        let map = exchange().request;
        let bytes = map.serialise();
        assert_eq!(HostHeaders::parse(&bytes).as_ref(), Some(&map));
        for end in 0..bytes.len() {
            assert_eq!(HostHeaders::parse(&bytes[..end]), None, "{end}");
        }
        assert_eq!(HostHeaders::parse(&[&bytes[..], b"x"].concat()), None);
    }
}
