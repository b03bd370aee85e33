"use strict";
/* From `folder/module.handler` to the function that it names. */

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");
const { pathToFileURL } = require("node:url");
const { HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } = require("./errors.cjs");

const NAME = /^([^.]*)\.(.+)$/;
const NEEDS_IMPORT = new Set(["ERR_REQUIRE_ESM", "ERR_REQUIRE_ASYNC_MODULE"]);
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");

/* What a failing `require` tells of who asked: Lambda's own file, so that the message is the same. */
const requireAsLambda = createRequire("/var/runtime/index.mjs");

async function loadHandler(root, name) {
  if (name.includes("..")) {
    throw new MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const parts = NAME.exec(path.basename(name));
  if (!parts) throw new MalformedHandlerName("Bad handler");
  const module = await loadModule(root, path.dirname(name), parts[1]);
  const handler = parts[2].split(".").reduce((holder, key) => holder?.[key], module);
  if (!handler) throw new HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== "function") throw new HandlerNotFound(`${name} is not a function`);
  return handler;
}

async function loadModule(root, folder, module) {
  const base = path.resolve(root, folder, module);
  try {
    const file = ["", ".js", ".mjs", ".cjs"].map((ending) => base + ending).find(isFile);
    if (file?.endsWith(".mjs")) return await import(pathToFileURL(file));
    return await required(file ?? requireAsLambda.resolve(module, { paths: [root, path.join(root, folder)] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(String(error));
    if (error?.code === "MODULE_NOT_FOUND") throw new ImportModuleError(String(error));
    throw error;
  }
}

/* A .js file may be a module of either kind. */
async function required(file) {
  try {
    return requireAsLambda(file);
  } catch (error) {
    if (NEEDS_IMPORT.has(error?.code)) return import(pathToFileURL(file));
    throw error;
  }
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isStreaming(handler) {
  return handler[STREAMING] === "response";
}

module.exports = { STREAMING, isStreaming, loadHandler };
