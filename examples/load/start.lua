-- Every request starts an order of its own.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local order = '{"order_id":"%s","customer_id":"7","date":"1997-01-01","cds":1,"dollars":"29.33"}'
local started = 0
function request()
  started = started + 1
  local id = string.format("load-%d-%d-%d", os.time(), number, started)
  return wrk.format("POST", nil, { ["content-type"] = "application/json" }, order:format(id))
end
