-- The requests of the load test, for wrk: wrk ... -- KIND MODE
--
-- KIND: actual, a page of the site reads an object; preflight, the app asks whether it may upload.
-- MODE: none, measure; edge, native or bare, compare each answer with what that side has to say, which costs the
-- generator time.

local kinds = {
  actual = { method = "GET", headers = { Origin = "https://www.example.com" } },
  preflight = {
    method = "OPTIONS",
    headers = {
      Origin = "https://app.example.com",
      ["Access-Control-Request-Method"] = "PUT",
      ["Access-Control-Request-Headers"] = "content-type,x-oss-meta-author",
    },
  },
}

-- false: the header has to be absent.
local answers = {
  edge = {
    actual = {
      ["access-control-allow-origin"] = "https://www.example.com",
      ["access-control-expose-headers"] = "ETag, Content-Range, Accept-Ranges",
      ["access-control-allow-methods"] = false,
      ["vary"] = "Origin",
    },
    preflight = {
      ["access-control-allow-origin"] = "https://app.example.com",
      ["access-control-allow-methods"] = "PUT, POST, DELETE",
      ["access-control-allow-headers"] = "content-type, x-oss-meta-author",
      ["access-control-max-age"] = "600",
      ["vary"] = "Origin",
    },
  },
  -- What the store says by itself.
  bare = {
    actual = {
      ["access-control-allow-origin"] = "*",
      ["access-control-expose-headers"] = false,
      ["vary"] = false,
    },
  },
}

-- The same filter as a library.
answers.native = answers.edge

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  local kind, mode = arguments[1], arguments[2]
  wrk.method = kinds[kind].method
  wrk.path = "/oss-cors-test/test.txt"
  for name, value in pairs(kinds[kind].headers) do
    wrk.headers[name] = value
  end
  wrong = 0
  if mode == "none" then
    return
  end
  -- wrk parses headers for a script that has this function, and only then.
  response = function(status, headers)
    local right = status == 200
    for name, value in pairs(answers[mode][kind]) do
      right = right and headers[name] == (value or nil)
    end
    if not right then
      wrong = wrong + 1
    end
  end
end

function done(summary, latency)
  local failed = summary.errors
  local errors = failed.connect + failed.read + failed.write + failed.status + failed.timeout
  local wrong = 0
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("wrong")
  end
  -- Latencies are in microseconds, as wrk counts them.
  print(string.format("result %d %d %d %d %d %d %d %d",
    summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max, errors, wrong))
end
