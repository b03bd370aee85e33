"use strict";
/* Errors that the runtime itself names, and errors as Lambda tells them: to the caller, and in the log. */

const { types } = require("node:util");

function named(name) {
  const kind = class extends Error {};
  kind.prototype.name = `Runtime.${name}`;
  return kind;
}

const ImportModuleError = named("ImportModuleError");
const HandlerNotFound = named("HandlerNotFound");
const MalformedHandlerName = named("MalformedHandlerName");
const UserCodeSyntaxError = named("UserCodeSyntaxError");
const InvalidStreamingOperation = named("InvalidStreamingOperation");

class UnhandledPromiseRejection extends named("UnhandledPromiseRejection") {
  constructor(reason) {
    super(String(reason));
    this.reason = reason;
  }
}

function isError(value) {
  return types.isNativeError(value) || (value?.name && value.message && value.stack);
}

/* What the caller is answered. Whatever is thrown that is no error has a type of JavaScript's. */
function forRuntimeApi(error) {
  try {
    if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
  } catch {
    const message =
      "callback called with Error argument, but there was a problem while retrieving one or more of its message, " +
      "name, and stack";
    return { errorType: "handled", errorMessage: message, trace: [] };
  }
}

/* Of whatever was thrown; some of it cannot even be said as text. */
function intoError(value) {
  if (value instanceof Error) return value;
  try {
    return new Error(value);
  } catch {
    return new Error(forRuntimeApi(value).errorMessage);
  }
}

/* What an object in the log says of an error. */
function forJsonLog(error) {
  const stackTrace = typeof error.stack === "string" ? error.stack.split("\n") : error.stack;
  return { errorType: error.constructor?.name ?? "UnknownError", errorMessage: error.message, stackTrace };
}

/* One line of JSON, with the error's own properties. */
function forLog(error) {
  try {
    return `\t${JSON.stringify(error, (_, value) => described(value))}`;
  } catch {
    return `\t${JSON.stringify(forRuntimeApi(error))}`;
  }
}

function described(value) {
  if (!(value instanceof Error)) return value;
  const stack = typeof value.stack === "string" ? value.stack.split("\n") : value.stack;
  return { errorType: value.name, errorMessage: value.message, code: value.code, ...value, stack };
}

module.exports = {
  HandlerNotFound,
  ImportModuleError,
  InvalidStreamingOperation,
  MalformedHandlerName,
  UnhandledPromiseRejection,
  UserCodeSyntaxError,
  forJsonLog,
  forLog,
  forRuntimeApi,
  intoError,
};
