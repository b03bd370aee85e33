"use strict";
/* console.* as Lambda writes it: time, request id, level and text with tabs between, or one object a line where
   AWS_LAMBDA_LOG_FORMAT is JSON. Nothing is written below AWS_LAMBDA_LOG_LEVEL. */

const { format } = require("node:util");
const { forJsonLog, forLog, intoError } = require("./errors.cjs");

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = {
  log: "INFO",
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARN",
  error: "ERROR",
  fatal: "FATAL",
};

const asJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
const least = LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()); // -1: everything

let requestId; // before the first event Lambda writes "undefined"

function setRequestId(id) {
  requestId = id;
}

function textLine(level, parts) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...parts)}\n`;
}

/* What is logged alone is a value of its own, an error with its properties; of several an error is told beside them. */
function jsonLine(level, parts) {
  const told = { timestamp: new Date().toISOString(), level, requestId };
  if (parts.length > 1) {
    const error = parts.find((part) => part instanceof Error);
    return `${JSON.stringify({ ...told, message: format(...parts), ...(error && forJsonLog(error)) })}\n`;
  }
  try {
    const replace = (_, value) => (value instanceof Error ? { ...forJsonLog(value), ...value } : value);
    return `${JSON.stringify({ ...told, message: parts[0] }, replace)}\n`;
  } catch {
    return `${JSON.stringify({ ...told, message: format(parts[0]) })}\n`;
  }
}

function patchConsole() {
  const line = asJson ? jsonLine : textLine;
  for (const [name, level] of Object.entries(METHODS)) {
    const written = LEVELS.indexOf(level) >= least;
    console[name] = written ? (...parts) => void process.stdout.write(line(level, parts)) : () => {};
  }
}

/* An error that ended an invocation, or the process. */
function logError(title, error) {
  if (asJson) console.error(intoError(error));
  else console.error(title, forLog(error));
}

module.exports = { logError, patchConsole, setRequestId };
