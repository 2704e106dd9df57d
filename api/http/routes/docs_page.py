"""The page /docs: all operations of the service, written from /openapi.json, with a form to try each.

Nothing of it comes from another host: a key is typed here. Its script and its style are let in by their hashes. The
script writes texts only (`textContent`), never HTML, whatever the description holds.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>leadledger</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1 id="title">leadledger</h1>
<form id="ask" hidden>
<p>This service is used with keys. Any of them shows what it offers; the key is kept in this page only.</p>
<p><label>API key <input id="key" type="password" autocomplete="off" size="60"></label> <button>Show</button></p>
</form>
<p id="status" role="status"></p>
<div id="operations"></div>
<noscript>This page needs JavaScript. /openapi.json describes the service too.</noscript>
</main>
<script>{script}</script>
</body>
</html>
"""
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1a1a1a; background: #fff; }
main { max-width: 60em; margin: 2em auto; padding: 0 1em; }
details { border: 1px solid #767676; border-radius: 4px; margin: .5em 0; padding: .4em .8em; }
summary { cursor: pointer; }
code, pre, textarea { font: 14px/1.4 ui-monospace, monospace; }
pre { background: #f4f4f4; padding: .8em; overflow: auto; max-height: 30em; }
textarea { width: 100%; box-sizing: border-box; }
input, textarea, button { border: 1px solid #767676; padding: .3em .5em; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2em .8em .2em 0; vertical-align: top; }
"""
_SCRIPT = """
const find = id => document.getElementById(id);
let key = "";

function element(tag, text, parent) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

function table(parent, heads, rows) {
  if (!rows.length) return;
  const made = element("table", "", parent), line = element("tr", "", made);
  heads.forEach(head => element("th", head, line));
  rows.forEach(row => { const line = element("tr", "", made); row.forEach(text => element("td", text || "", line)); });
}

function exampleOf(content) {
  const media = content && content["application/json"];
  if (!media) return null;
  if (media.example !== undefined) return media.example;
  const first = Object.values(media.examples || {})[0];
  return first ? first.value : {};
}

function operation(path, method, what, parent) {
  const box = element("details", "", parent), head = element("summary", "", box);
  element("code", method.toUpperCase() + " " + path, head);
  head.append(" " + (what.summary || ""));
  if (what.description) element("p", what.description, box);
  const form = element("form", "", box), inputs = [];
  for (const parameter of what.parameters || []) {
    const label = element("label", parameter.name + " (" + parameter.in + ") ", element("p", "", form));
    const input = element("input", "", label);
    if (parameter.required) input.required = true;
    if (parameter.description) element("small", parameter.description, label.parentElement);
    inputs.push([parameter, input]);
  }
  let body = null;
  if (what.requestBody) {
    body = element("textarea", "", element("label", "Body", element("p", "", form)));
    body.rows = 12;
    body.value = JSON.stringify(exampleOf(what.requestBody.content), null, 2);
  }
  element("button", "Send", form);
  const answer = element("pre", "", form);
  answer.hidden = true;
  answer.setAttribute("role", "status");
  table(box, ["Status", "Meaning"], Object.entries(what.responses || {}).map(([code, is]) => [code, is.description]));
  form.addEventListener("submit", async event => {
    event.preventDefault();
    let address = path;
    const query = new URLSearchParams(), headers = key ? {"X-API-Key": key} : {};
    for (const [parameter, input] of inputs) {
      const {name, in: place} = parameter;
      if (place === "path") address = address.replace("{" + name + "}", encodeURIComponent(input.value));
      else if (input.value && place === "query") query.append(name, input.value);
      else if (input.value && place === "header") headers[name] = input.value;
    }
    if (body) headers["Content-Type"] = "application/json";
    if (String(query)) address += "?" + query;
    answer.hidden = false;
    try {
      const response = await fetch(address.slice(1), {method: method.toUpperCase(), headers, body: body && body.value});
      let text = await response.text();
      try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* it is shown as it came */ }
      answer.textContent = response.status + " " + response.statusText + "\\n\\n" + text;
    } catch (error) {
      answer.textContent = String(error);
    }
  });
}

function resolve(value, document) {
  return value && value.$ref ? value.$ref.slice(2).split("/").reduce((inside, name) => inside[name], document) : value;
}

async function show() {
  const response = await fetch("openapi.json", key ? {headers: {"X-API-Key": key}} : {});
  const content = await response.json();
  if (!response.ok) {
    find("ask").hidden = false;
    find("status").textContent = key || response.status !== 401 ? content.detail : "";
    return;
  }
  find("ask").hidden = true;
  find("status").textContent = "";
  find("title").textContent = content.info.title;
  const list = find("operations");
  list.replaceChildren();
  element("p", content.info.description || "", list);
  for (const [path, methods] of Object.entries(content.paths))
    for (const [method, what] of Object.entries(methods)) {
      const parameters = (what.parameters || []).map(parameter => resolve(parameter, content));
      operation(path, method, {...what, parameters, requestBody: resolve(what.requestBody, content)}, list);
    }
}

find("ask").addEventListener("submit", event => {
  event.preventDefault();
  key = find("key").value.trim();
  show();
});
show();
"""


@cache
def make_page() -> tuple[str, str]:
    """The page, and the policy that it needs: its script and its style by their hashes, and this service alone."""
    policy = (
        f"default-src 'none'; script-src 'sha256-{_digest(_SCRIPT)}'; style-src 'sha256-{_digest(_STYLE)}'; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return _PAGE.format(style=_STYLE, script=_SCRIPT), policy


def _digest(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()
