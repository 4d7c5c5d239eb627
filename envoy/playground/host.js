// A proxy-wasm host (ABI 0.2.1) for one plugin: https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1
//
// It does what Envoy does with headers, and nothing else: no bodies, no trailers, no calls to other
// services. An import that is not here answers Unimplemented, and an export that the module lacks is not called.

import { HeaderMap, bytesOf, show } from "./header-map.js";

/** `proxy_status_t`. */
export const Status = {
  Ok: 0,
  NotFound: 1,
  BadArgument: 2,
  ParseFailure: 4,
  InvalidMemoryAccess: 6,
  InternalFailure: 10,
  Unimplemented: 12,
};

/** `proxy_log_level_t`. */
export const Level = { Trace: 0, Debug: 1, Info: 2, Warn: 3, Error: 4, Critical: 5 };

const Action = { Continue: 0 };
const Map_ = { RequestHeaders: 0, ResponseHeaders: 2 };
const Buffer = { VmConfiguration: 6, PluginConfiguration: 7 };
const ROOT = 1;
const NO_CONTENT = 204;

/** The module trapped, or cannot be started. Its VM is of no more use. */
export class Trap extends Error {}

/** A pointer that leads out of the module's memory. */
class OutOfMemory extends Error {}

export class Vm {
  #exports = {};
  #contexts = new Map([[ROOT, { properties: new Map() }]]);
  #effective = ROOT;
  #lastContext = ROOT;
  #configuration = new Uint8Array();
  #metrics = [];
  #shared = new Map();
  #tickPeriod = 0;

  /** What the module logged: `{ level, text }`, in order. */
  log = [];

  /** Starts a compiled module. */
  constructor(module) {
    const imports = {};
    for (const { module: space, name, kind } of WebAssembly.Module.imports(module)) {
      if (kind !== "function") throw new Trap(`the module imports a ${kind}, ${space}.${name}`);
      imports[space] ??= {};
      imports[space][name] = this.#import(name);
    }
    this.#guard(() => {
      this.#exports = new WebAssembly.Instance(module, imports).exports;
    });
    if (this.#exports._initialize) this.#call("_initialize");
    else this.#call("_start");
    this.#call("proxy_on_context_create", ROOT, 0);
    if (!(this.#call("proxy_on_vm_start", ROOT, 0) ?? true)) throw new Trap("the module refuses to start");
  }

  /** Gives the plugin its configuration. False: it refuses it, and its log says why. */
  configure(configuration) {
    this.#configuration = bytesOf(configuration);
    return Boolean(this.#call("proxy_on_configure", ROOT, this.#configuration.length) ?? true);
  }

  /** Lets the time pass that the plugin asked to be told of. */
  tick() {
    if (this.#tickPeriod > 0) this.#call("proxy_on_tick", ROOT);
  }

  /** The value of each statistic by its name. */
  get metrics() {
    return Object.fromEntries(this.#metrics.map(({ name, value }) => [name, value]));
  }

  /**
   * A request and its response through the filter.
   *
   * `request` is the map that the filter chain sees. `store` answers where the filter does not: a function that returns
   * `{ status, headers, body }`. Returns the same, and by whom it is; `details` and `properties` are for the proxy's
   * access log.
   */
  exchange(request, store) {
    const id = (this.#lastContext += 1);
    const stream = { request, properties: new Map() };
    this.#contexts.set(id, stream);
    this.#call("proxy_on_context_create", id, ROOT);
    try {
      const action = this.#in(id, "proxy_on_request_headers", request.size, 1) ?? Action.Continue;
      let answer = stream.reply;
      if (!answer) {
        if (action !== Action.Continue && !stream.continued) throw new Trap("the request is never answered");
        // From here on the request is at the store, and its headers are out of the filter's reach. Those of a request
        // that was answered are not.
        stream.request = undefined;
        answer = { by: "store", ...store() };
      }
      return this.#respond(id, stream, answer);
    } finally {
      this.#contexts.delete(id);
    }
  }

  /** A response passes the filter, its own replies too. */
  #respond(id, stream, answer) {
    stream.reply = undefined;
    stream.response = answer.headers.clone();
    const lines = stream.response;
    stream.response = new HeaderMap([[":status", String(answer.status)], ...lines]);
    this.#in(id, "proxy_on_response_headers", stream.response.size, answer.body.length === 0 ? 1 : 0);
    // The filter answers in place of the store after all; its reply does not come this way twice.
    const { headers, status, ...rest } = stream.reply
      ? { ...stream.reply }
      : { ...answer, headers: stream.response, status: Number(show(stream.response.get(":status"))) };
    headers.remove(":status");
    const isDone = this.#in(id, "proxy_on_done") ?? 1;
    if (isDone) {
      this.#in(id, "proxy_on_log");
      this.#in(id, "proxy_on_delete");
    }
    return { ...rest, status, headers, properties: [...stream.properties] };
  }

  #in(context, name, ...values) {
    this.#effective = context;
    const result = this.#call(name, context, ...values);
    this.#effective = ROOT;
    return result;
  }

  #call(name, ...values) {
    return this.#guard(() => this.#exports[name]?.(...values));
  }

  #guard(work) {
    try {
      return work();
    } catch (error) {
      // A panic of the module says what it was in the log.
      const said = this.log.filter(({ level }) => level >= Level.Critical).map(({ text }) => text);
      throw error instanceof Trap ? error : new Trap([error.message, ...said].join(": "), { cause: error });
    }
  }

  #import(name) {
    const known = IMPORTS[name];
    if (!known) return () => Status.Unimplemented;
    return (...values) => {
      try {
        return known(this.#calls, ...values) ?? Status.Ok;
      } catch (error) {
        if (error instanceof OutOfMemory) return Status.InvalidMemoryAccess;
        throw error;
      }
    };
  }

  /** What the imports below may do. */
  #calls = {
    read: (at, length) => {
      [at, length] = [at >>> 0, length >>> 0];
      const { buffer } = this.#exports.memory;
      if (at + length > buffer.byteLength) throw new OutOfMemory();
      return new Uint8Array(buffer, at, length).slice();
    },
    write32: (at, value) => this.#view(at, 4).setUint32(0, value, true),
    write64: (at, value) => this.#view(at, 8).setBigUint64(0, value, true),
    /** Hands bytes over in a block that the module makes for them; none for no bytes. */
    give: (bytes, data, size) => {
      let block = 0;
      if (bytes.length > 0) {
        const allocate = this.#exports.malloc ?? this.#exports.proxy_on_memory_allocate;
        block = allocate(bytes.length) >>> 0;
        if (block === 0) return Status.InvalidMemoryAccess;
        // Afresh: the memory may have grown.
        const view = this.#view(block, bytes.length);
        new Uint8Array(view.buffer, block, bytes.length).set(bytes);
      }
      this.#calls.write32(data, block);
      this.#calls.write32(size, bytes.length);
      return Status.Ok;
    },
    log: (level, text) => this.log.push({ level, text }),
    /** The map, if this is the phase for it. */
    map: (kind) => {
      const stream = this.#contexts.get(this.#effective);
      if (kind === Map_.RequestHeaders) return stream.request;
      return kind === Map_.ResponseHeaders ? stream.response : undefined;
    },
    setMap: (kind, map) => {
      this.#contexts.get(this.#effective)[kind === Map_.RequestHeaders ? "request" : "response"] = map;
    },
    buffer: (kind) => {
      if (kind === Buffer.VmConfiguration) return new Uint8Array();
      return kind === Buffer.PluginConfiguration ? this.#configuration : undefined;
    },
    reply: (reply) => {
      if (this.#effective === ROOT) return Status.BadArgument;
      this.#contexts.get(this.#effective).reply = reply;
      return Status.Ok;
    },
    resume: () => {
      this.#contexts.get(this.#effective).continued = true;
    },
    become: (context) => {
      if (!this.#contexts.has(context)) return Status.BadArgument;
      this.#effective = context;
      return Status.Ok;
    },
    property: (path) => {
      const { request, response, properties } = this.#contexts.get(this.#effective);
      if (properties.has(path)) return properties.get(path);
      const header = { "request.path": ":path", "request.method": ":method", "request.host": ":authority" }[path];
      if (header) return request?.get(header);
      if (path === "plugin_name" || path === "plugin_root_id") return bytesOf("");
      return path === "response.code" ? response?.get(":status") : undefined;
    },
    /** As with one VM id for each of these hosts: what a VM shares, it shares with nobody. */
    shared: this.#shared,
    setProperty: (path, value) => this.#contexts.get(this.#effective).properties.set(path, value),
    /** As in Envoy, a name that is defined again gets another id of the same statistic. */
    defineMetric: (name) => {
      const known = this.#metrics.find((metric) => metric.name === name);
      return this.#metrics.push(known ?? { name, value: 0n }) - 1;
    },
    metric: (id) => this.#metrics[id],
    setTickPeriod: (milliseconds) => {
      this.#tickPeriod = milliseconds >>> 0;
    },
  };

  #view(at, length) {
    at >>>= 0;
    const { buffer } = this.#exports.memory;
    if (at + length > buffer.byteLength) throw new OutOfMemory();
    return new DataView(buffer, at, length);
  }
}

const change = (host, id, how) => {
  const metric = host.metric(id);
  if (!metric) return Status.NotFound;
  metric.value = BigInt.asUintN(64, how(metric.value));
  return Status.Ok;
};

/** Changes a header map, where there is one. */
const edit = (host, kind, how) => {
  const map = host.map(kind);
  if (!map) return Status.BadArgument;
  how(map);
  return Status.Ok;
};

/** Properties are named by a path whose parts end in a zero byte. */
const pathOf = (bytes) => show(bytes).split("\0").filter(Boolean).join(".");

const IMPORTS = {
  // What is below the level that the host asks for is nobody's to see; the module tries whether it may log at all.
  proxy_log: (host, level, data, size) => void (level >= Level.Info && host.log(level, show(host.read(data, size)))),
  proxy_get_log_level: (host, level) => host.write32(level, Level.Info),
  proxy_get_current_time_nanoseconds: (host, time) =>
    host.write64(time, BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n),
  proxy_set_tick_period_milliseconds: (host, period) => host.setTickPeriod(period),
  proxy_set_effective_context: (host, context) => host.become(context),
  proxy_done: () => Status.Ok,

  proxy_get_buffer_bytes: (host, kind, start, most, data, size) => {
    const buffer = host.buffer(kind);
    if (!buffer) return Status.NotFound;
    return host.give(buffer.subarray(start >>> 0, (start >>> 0) + (most >>> 0)), data, size);
  },
  proxy_get_buffer_status: (host, kind, size, flags) => {
    const buffer = host.buffer(kind);
    if (!buffer) return Status.NotFound;
    host.write32(size, buffer.length);
    return host.write32(flags, 0);
  },

  proxy_get_header_map_size: (host, kind, size) => {
    const map = host.map(kind);
    return map ? host.write32(size, map.serialise().length) : Status.BadArgument;
  },
  proxy_get_header_map_pairs: (host, kind, data, size) => {
    const map = host.map(kind);
    return map ? host.give(map.serialise(), data, size) : Status.BadArgument;
  },
  proxy_set_header_map_pairs: (host, kind, data, size) => {
    const map = HeaderMap.parse(host.read(data, size));
    if (!map) return Status.ParseFailure;
    return edit(host, kind, () => host.setMap(kind, map));
  },
  proxy_get_header_map_value: (host, kind, name, nameSize, data, size) => {
    const map = host.map(kind);
    if (!map) return Status.BadArgument;
    const value = map.get(host.read(name, nameSize));
    return value ? host.give(value, data, size) : Status.NotFound;
  },
  proxy_add_header_map_value: (host, kind, name, nameSize, value, valueSize) =>
    edit(host, kind, (map) => map.add(host.read(name, nameSize), host.read(value, valueSize))),
  proxy_replace_header_map_value: (host, kind, name, nameSize, value, valueSize) =>
    edit(host, kind, (map) => map.replace(host.read(name, nameSize), host.read(value, valueSize))),
  proxy_remove_header_map_value: (host, kind, name, nameSize) =>
    edit(host, kind, (map) => map.remove(host.read(name, nameSize))),

  proxy_send_local_response: (host, status, details, detailsSize, body, bodySize, pairs, pairsSize) => {
    const headers = HeaderMap.parse(host.read(pairs, pairsSize));
    if (!headers) return Status.BadArgument;
    const content = host.read(body, bodySize);
    // What Envoy adds to a reply, but for its name and the date.
    if (status !== NO_CONTENT) headers.replace("content-length", String(content.length));
    if (content.length > 0 && !headers.get("content-type")) headers.add("content-type", "text/plain");
    return host.reply({
      by: "edge",
      status,
      headers,
      body: content,
      details: show(host.read(details, detailsSize)),
    });
  },
  proxy_continue_stream: (host) => host.resume(),

  proxy_get_property: (host, path, pathSize, data, size) => {
    const value = host.property(pathOf(host.read(path, pathSize)));
    return value ? host.give(value, data, size) : Status.NotFound;
  },
  proxy_set_property: (host, path, pathSize, value, valueSize) =>
    void host.setProperty(pathOf(host.read(path, pathSize)), host.read(value, valueSize)),

  proxy_get_shared_data: (host, key, keySize, data, size, version) => {
    const value = host.shared.get(show(host.read(key, keySize)));
    if (!value) return Status.NotFound;
    host.write32(version, 0);
    return host.give(value, data, size);
  },
  proxy_set_shared_data: (host, key, keySize, value, valueSize) =>
    void host.shared.set(show(host.read(key, keySize)), host.read(value, valueSize)),

  proxy_define_metric: (host, _kind, name, size, id) => host.write32(id, host.defineMetric(show(host.read(name, size)))),
  proxy_increment_metric: (host, id, by) => change(host, id, (value) => value + by),
  proxy_record_metric: (host, id, to) => change(host, id, () => to),
  proxy_get_metric: (host, id, value) => {
    const metric = host.metric(id);
    return metric ? host.write64(value, metric.value) : Status.NotFound;
  },
};
