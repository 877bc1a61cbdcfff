/** Faults that a test asks for: answers that are late, wrong or lost. Counters count down as they are used. */

export interface FaultPlan {
  /** The next calls (of one method, or of any) are answered 503 and have no effect. */
  status503?: number | { method: string; times: number };
  /** The next calls of this method have their effect, but the connection breaks instead of an answer. */
  dropResponse?: { method: string; times: number };
  /** Every call, and every upload of a content, waits this long before anything else. */
  delayMs?: number;
}

/** Whether this call is one of those to answer 503. */
export function take503(plan: FaultPlan, method: string): boolean {
  const { status503 } = plan;
  if (status503 === undefined) return false;
  if (typeof status503 === "number") {
    if (status503 <= 0) return false;
    plan.status503 = status503 - 1;
    return true;
  }
  if (status503.method !== method || status503.times <= 0) return false;
  status503.times -= 1;
  return true;
}

/** Whether the answer of this call is one of those to lose. */
export function takeDrop(plan: FaultPlan, method: string): boolean {
  const { dropResponse } = plan;
  if (dropResponse?.method !== method || dropResponse.times <= 0) return false;
  dropResponse.times -= 1;
  return true;
}
