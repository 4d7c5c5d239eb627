//! The built module in an interpreter, with as much of a proxy-wasm host as it takes to load rules and pass requests:
//! its linear memory is counted to the page, which no Envoy does.

use wasmi::{Caller, Config, Engine, Extern, ExternType, Func, Instance, Linker, Memory, Module, Store, Val};

pub(crate) use headers::HostHeaders;

#[path = "../../native/host/headers.rs"]
#[allow(dead_code)] // Another host uses the rest of it.
mod headers;

/// The `x-request-id` that the proxy gives to a request without one.
const REQUEST_ID: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

const OK: i32 = 0;
const NOT_FOUND: i32 = 1;
const BAD_ARGUMENT: i32 = 2;

const REQUEST_HEADERS: i32 = 0;

/// What the host calls hand out and take.
#[derive(Default)]
struct WasmHost {
    configuration: Vec<u8>,
    request: HostHeaders,
    response: HostHeaders,
    /// The status of a local response.
    answered: Option<i32>,
    metrics: i32,
    log: Vec<String>,
}

/// A VM with the module in it, and at most one root context in force.
pub(crate) struct WasmVm {
    store: Store<WasmHost>,
    instance: Instance,
    last_context: i32,
    root: Option<i32>,
}

impl WasmVm {
    pub(crate) fn start(module: &[u8]) -> Self {
        Self::start_in(&Engine::default(), module)
    }

    /// The same in an engine that counts what it executes.
    pub(crate) fn start_counting(module: &[u8]) -> Self {
        Self::start_in(&Engine::new(Config::default().consume_fuel(true)), module)
    }

    fn start_in(engine: &Engine, module: &[u8]) -> Self {
        let module = Module::new(engine, module).expect("the module is valid");
        let mut store = Store::new(engine, WasmHost::default());
        // An engine that does not count refuses fuel.
        store.set_fuel(u64::MAX).ok();
        let mut linker = Linker::new(engine);
        for import in module.imports() {
            let name = import.name().to_owned();
            let ExternType::Func(signature) = import.ty().clone() else {
                panic!("{name} is no function");
            };
            let call = Func::new(&mut store, signature, move |mut vm, arguments, results| {
                let numbers: Vec<i32> = arguments
                    .iter()
                    .map(|value| value.i32().unwrap_or_default())
                    .collect();
                let result = host_call(&mut vm, &name, &numbers);
                results.iter_mut().for_each(|slot| *slot = Val::I32(result));
                Ok(())
            });
            linker
                .define(import.module(), import.name(), call)
                .expect("imports are distinct");
        }
        let instance = linker
            .instantiate_and_start(&mut store, &module)
            .expect("every import is there");
        let mut vm = Self {
            store,
            instance,
            last_context: 0,
            root: None,
        };
        vm.call_if_there("_initialize", &[]);
        vm
    }

    /// How many instructions, in the engine's measure, were executed so far.
    pub(crate) fn instructions(&self) -> u64 {
        u64::MAX - self.store.get_fuel().expect("the engine counts")
    }

    /// The size of the linear memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        memory(self.instance.get_export(&self.store, "memory")).data_size(&self.store)
    }

    /// Puts a configuration in force as Envoy does: the new root context is made and configured beside the one in
    /// force, which goes only then. False: the module refuses it.
    pub(crate) fn load(&mut self, configuration: &[u8]) -> bool {
        self.store.data_mut().configuration = configuration.to_vec();
        self.store.data_mut().log.clear();
        let root = self.create_context(0);
        let size = i32::try_from(configuration.len()).unwrap();
        let is_taken = self.call("proxy_on_configure", &[root, size]) == Some(1);
        let gone = if is_taken {
            self.root.replace(root)
        } else {
            Some(root)
        };
        if let Some(gone) = gone {
            self.delete_context(gone);
        }
        is_taken
    }

    /// What the module has logged since the last load began.
    pub(crate) fn log(&self) -> &[String] {
        &self.store.data().log
    }

    /// A request and its response pass the filter. The status of the local response, or `None`.
    pub(crate) fn exchange(&mut self, request: HostHeaders, response: HostHeaders) -> Option<i32> {
        let root = self.root.expect("a configuration is in force");
        let stream = self.create_context(root);
        let counts = [request.len(), response.len()].map(|count| i32::try_from(count).unwrap());
        let host = self.store.data_mut();
        host.request = request;
        host.response = response;
        host.answered = None;
        self.call("proxy_on_request_headers", &[stream, counts[0], 1]);
        // Its own answers pass the filter too.
        self.call("proxy_on_response_headers", &[stream, counts[1], 0]);
        self.delete_context(stream);
        self.store.data().answered
    }

    fn create_context(&mut self, parent: i32) -> i32 {
        self.last_context += 1;
        self.call_if_there("proxy_on_context_create", &[self.last_context, parent]);
        self.last_context
    }

    fn delete_context(&mut self, context: i32) {
        self.call_if_there("proxy_on_done", &[context]);
        self.call("proxy_on_delete", &[context]);
    }

    fn call(&mut self, name: &str, arguments: &[i32]) -> Option<i32> {
        let export = self.instance.get_func(&self.store, name);
        let export = export.unwrap_or_else(|| panic!("the module exports no {name}"));
        let signature = export.ty(&self.store);
        let arguments: Vec<Val> = arguments.iter().map(|number| Val::I32(*number)).collect();
        let mut results = vec![Val::I32(0); signature.results().len()];
        export
            .call(&mut self.store, &arguments, &mut results)
            .unwrap_or_else(|trap| panic!("{name}: {trap}"));
        results.first().and_then(Val::i32)
    }

    /// Hosts leave out the callbacks that a module does not export.
    fn call_if_there(&mut self, name: &str, arguments: &[i32]) {
        if self.instance.get_func(&self.store, name).is_some() {
            self.call(name, arguments);
        }
    }
}

fn memory(export: Option<Extern>) -> Memory {
    export
        .and_then(Extern::into_memory)
        .expect("the module exports its memory")
}

/// A host call. `arguments` are as in the ABI, version 0.2.1; 64-bit ones, which are figures, are read as 0.
fn host_call(vm: &mut Caller<'_, WasmHost>, name: &str, arguments: &[i32]) -> i32 {
    let at = |index: usize| arguments.get(index).copied().unwrap_or_default();
    match name {
        "proxy_get_buffer_bytes" => {
            let text = vm.data().configuration.clone();
            hand_over(vm, &text, at(3), at(4))
        }
        "proxy_get_header_map_pairs" => {
            let map = headers(vm, at(0)).serialise();
            hand_over(vm, &map, at(1), at(2))
        }
        "proxy_get_header_map_value" => {
            let name = read(vm, at(1), at(2));
            match headers(vm, at(0)).get(&name).map(<[u8]>::to_vec) {
                Some(value) => hand_over(vm, &value, at(3), at(4)),
                None => NOT_FOUND,
            }
        }
        "proxy_replace_header_map_value" => {
            let (name, value) = (read(vm, at(1), at(2)), read(vm, at(3), at(4)));
            headers(vm, at(0)).replace(&name, &value);
            OK
        }
        "proxy_remove_header_map_value" => {
            let name = read(vm, at(1), at(2));
            headers(vm, at(0)).remove(&name);
            OK
        }
        // While rules load, the module tries whether it could answer, with details that stand in no memory.
        "proxy_send_local_response" if at(1) == -1 => BAD_ARGUMENT,
        "proxy_send_local_response" => {
            let headers = read(vm, at(5), at(6));
            let host = vm.data_mut();
            host.answered = Some(at(0));
            host.response = HostHeaders::parse(&headers).expect("a map of headers");
            OK
        }
        "proxy_define_metric" => {
            vm.data_mut().metrics += 1;
            let id = vm.data().metrics.to_le_bytes();
            write(vm, at(3), &id);
            OK
        }
        "proxy_get_current_time_nanoseconds" => {
            write(vm, at(0), &1_700_000_000_000_000_000_u64.to_le_bytes());
            OK
        }
        "proxy_log" => {
            let line = String::from_utf8_lossy(&read(vm, at(1), at(2))).into_owned();
            vm.data_mut().log.push(line);
            OK
        }
        _ => OK,
    }
}

fn headers<'h>(vm: &'h mut Caller<'_, WasmHost>, map: i32) -> &'h mut HostHeaders {
    let host = vm.data_mut();
    if map == REQUEST_HEADERS {
        &mut host.request
    } else {
        &mut host.response
    }
}

fn read(vm: &Caller<'_, WasmHost>, start: i32, len: i32) -> Vec<u8> {
    let mut bytes = vec![0; len as u32 as usize];
    memory(vm.get_export("memory"))
        .read(vm, start as u32 as usize, &mut bytes)
        .expect("the module's own memory");
    bytes
}

fn write(vm: &mut Caller<'_, WasmHost>, start: i32, bytes: &[u8]) {
    memory(vm.get_export("memory"))
        .write(vm, start as u32 as usize, bytes)
        .expect("the module's own memory");
}

/// Writes a value into a block that the module allocates for it.
fn hand_over(vm: &mut Caller<'_, WasmHost>, value: &[u8], to: i32, len_to: i32) -> i32 {
    let len = i32::try_from(value.len()).unwrap();
    let mut block = [Val::I32(0)];
    if !value.is_empty() {
        let allocate = ["malloc", "proxy_on_memory_allocate"]
            .into_iter()
            .find_map(|name| vm.get_export(name)?.into_func());
        allocate
            .expect("the module exports an allocator")
            .call(&mut *vm, &[Val::I32(len)], &mut block)
            .expect("there is memory");
    }
    let start = block[0].i32().unwrap();
    write(vm, start, value);
    write(vm, to, &start.to_le_bytes());
    write(vm, len_to, &len.to_le_bytes());
    OK
}
