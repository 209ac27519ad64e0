-- Keeps a request (or, in TCP mode, a connection) waiting while no server takes any, at most until its time is over.
-- Read by HAProxy; `txn.hold` is how long in milliseconds, `txn.is_over` tells the rules that it was in vain.
local deadline_header = "x-ingot-held-until"

local function now()
  local time = core.now()
  return time.sec * 1000 + time.usec // 1000
end

-- A request that comes back, because the server that it was let go to took no connection, does not begin anew.
local function find_deadline(txn, is_http)
  local first = now() + txn:get_var("txn.hold")
  if not is_http then
    return first
  end
  local given = txn.http:req_get_headers()[deadline_header]
  local kept = given and tonumber(given[0])
  return kept and math.min(kept, first) or first
end

local function hold(txn, is_http)
  local deadline = find_deadline(txn, is_http)
  while txn.f:nbsrv("seen") == 0 do
    if now() >= deadline then
      txn:set_var("txn.is_over", true)
      return
    end
    core.msleep(25)
  end
  if is_http then
    txn.http:req_set_header(deadline_header, tostring(deadline))
  end
end

core.register_action("hold_request", { "http-req" }, function(txn) hold(txn, true) end)
core.register_action("hold_connection", { "tcp-req" }, function(txn) hold(txn, false) end)
