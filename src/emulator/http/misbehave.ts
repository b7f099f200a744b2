import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from '../state/faults';
import type { Exchange } from './exchange';
import { apiRefusal } from './refusal';

/** Does what a fault says, as far as it concerns the answer as a whole. True if the answer has been given thereby. */
export async function misbehave(exchange: Exchange, fault: Fault): Promise<boolean> {
  exchange.fault = fault;
  if (fault.delay) await wait(fault.delay, undefined, { ref: false });
  if (fault.drop) {
    exchange.drop();
    return true;
  }
  if (fault.errno !== undefined) throw apiRefusal(fault.errno, fault.status);
  if (fault.status === undefined && fault.body === undefined) return false;
  sendBody(exchange, fault.status ?? 200, fault.body ?? maintenancePage);
  return true;
}

export function sendBody(exchange: Exchange, status: number, body: string | object): void {
  if (typeof body === 'object') return exchange.json(status, body);
  const type = body.startsWith('<') ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8';
  exchange.send(status, body, { 'Content-Type': type });
}

/** What stands before jAccount says this, not jAccount: it is no JSON. */
export const maintenancePage = '<!doctype html><title>503</title><h1>系统维护中 Under maintenance</h1>\n';
