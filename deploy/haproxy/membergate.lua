-- Asks the gateway about a request, with HAProxy's own HTTP client. A yes puts the gateway's word about the visitor into the
-- request; any other answer goes to the visitor. No answer at all is a refusal. The action takes the site's name at the gateway.

local GATEWAY = "http://127.0.0.1:8080"
local TIMEOUT = 15000 -- milliseconds; the gateway itself waits up to 10 s for the association's system

-- What the gateway looks at, besides method, scheme, host and address.
local ASKED = {
  "cookie", "accept", "origin", "upgrade", "sec-websocket-key", "sec-fetch-mode", "x-requested-with", "sec-purpose", "purpose", "x-purpose", "x-moz",
  "x-http-method-override", "x-http-method", "x-method-override",
}
local TOLD = {
  "membergate-assertion", "membergate-id", "membergate-name", "membergate-email", "membergate-roles", "membergate-member", "cookie",
}
-- What makes no sense any more when the answer is passed on.
local OF_THE_CONNECTION = { ["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["keep-alive"] = true }

-- All lines of a header field: HAProxy counts them from 0.
local function lines(field)
  local found = {}
  local at = 0
  while field and field[at] ~= nil do
    found[#found + 1] = field[at]
    at = at + 1
  end
  return found
end

local function refuse(txn, status, reason)
  local reply = txn:reply({ status = status, reason = reason })
  reply:add_header("Cache-Control", "no-store")
  reply:add_header("Content-Type", "text/plain; charset=utf-8")
  reply:set_body("The request could not be checked. Please try again in a few minutes.\n")
  txn:done(reply)
end

core.register_action("membergate", { "http-req" }, function(txn, site)
  local visitor = txn.http:req_get_headers()
  local asked = {
    ["host"] = { "membergate" },
    ["x-forwarded-method"] = { txn.f:method() },
    ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
    ["x-forwarded-host"] = lines(visitor["host"]),
    ["x-forwarded-uri"] = { txn.f:pathq() },
  }
  for _, name in ipairs(ASKED) do
    local found = lines(visitor[name])
    if #found > 0 then asked[name] = found end
  end
  local answer = core.httpclient():get({ url = GATEWAY .. "/_gate/verify@" .. site, headers = asked, timeout = TIMEOUT })
  if not answer or not answer.status or answer.status < 200 then
    return refuse(txn, 503, "Service Unavailable")
  end

  if answer.status == 200 then
    for _, name in ipairs(TOLD) do
      local said = lines(answer.headers[name])[1]
      -- An empty field says that there is nothing; the visitor's own must not stay.
      txn.http:req_del_header(name)
      if said and said ~= "" then txn.http:req_set_header(name, said) end
    end
    return
  end

  local reply = txn:reply({ status = answer.status, reason = answer.reason })
  for name, field in pairs(answer.headers) do
    if not OF_THE_CONNECTION[name] then
      for _, line in ipairs(lines(field)) do reply:add_header(name, line) end
    end
  end
  if txn.f:method() ~= "HEAD" then reply:set_body(answer.body or "") end
  txn:done(reply)
end, 1)
