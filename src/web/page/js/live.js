// Server-sent events: the newest of each kind is kept for views that open later; a lost stream is opened again.
import { ask } from "./base.js";

export const newest = {};
const KINDS = ["health", "overview", "charge-points", "alerts"];

export function listen(heard, lost) {
  const source = new EventSource("/api/v1/events");
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      newest[kind] = JSON.parse(event.data);
      heard(kind, newest[kind]);
    });
  }
  source.onerror = () => {
    lost();
    // A browser tries again by itself after a broken stream, but not after a refusal.
    if (source.readyState !== EventSource.CLOSED) return;
    // The question leads to the login if that was the reason.
    ask("me").catch(() => {});
    setTimeout(() => listen(heard, lost), 3000);
  };
}
