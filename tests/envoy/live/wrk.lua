-- Asks for an object of the versioned bucket, and checks that one version explains each answer: see versions.rs. The
-- code of code.rs calls the header with the explanation by another name.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  wrk.headers["Host"] = "versioned.example"
  wrk.headers["Origin"] = "https://page.example"
  wrk.path = "/object"
  wrong, versions, seen = 0, 0, {}
end

function response(status, headers)
  if not answered then
    answered = true
    print("answered")
    io.flush()
  end
  local age = headers["access-control-max-age"]
  local right = status == 200 and age
    and headers["access-control-allow-origin"] == "https://page.example"
    and headers["access-control-expose-headers"] == "x-v" .. age
    and (headers["x-bucket-cors"] or headers["x-bucket-next"]) == 'match; rule=0; id="v' .. age .. '"'
  if not right then
    wrong = wrong + 1
  elseif not seen[age] then
    seen[age] = true
    versions = versions + 1
  end
end

function done(summary, latency)
  local failed = summary.errors
  local wrong, versions = 0, 0
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("wrong")
    versions = math.max(versions, thread:get("versions"))
  end
  print(string.format("result %d %d %d %d %d %d %d %d %d %d", summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50), latency:percentile(99), failed.connect + failed.timeout, failed.read, failed.write,
    failed.status, wrong, versions))
end
