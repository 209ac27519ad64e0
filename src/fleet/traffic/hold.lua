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

-- A process that gives its place to another is told of servers no more: what waits in it goes on to wait in that one.
local stopping = { at = 0, is = false }
local function is_stopping(time)
  if time >= stopping.at + 100 then
    stopping.at = time
    stopping.is = tostring(core.get_info()["Stopping"]) ~= "0"
  end
  return stopping.is
end

local function hold(txn, is_http)
  local deadline = find_deadline(txn, is_http)
  while txn.f:nbsrv("seen") == 0 do
    local time = now()
    if is_stopping(time) then
      break
    end
    if time >= deadline then
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
