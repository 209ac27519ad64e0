import type { Context } from "../../ground/context.ts";

/**
 * Runs `work` for every item, at most `limit` at a time, and returns the results in the items' order. When one fails,
 * no further one begins, the running ones are told to stop by their context's signal and awaited, and the first error
 * is thrown: nothing goes on behind the caller's back.
 */
export async function together<Item, Result>(
  ctx: Context,
  { items, limit }: { readonly items: readonly Item[]; readonly limit: number },
  work: (ctx: Context, item: Item) => Promise<Result>,
): Promise<Result[]> {
  const stop = new AbortController();
  const scoped: Context = { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) };
  const results: Result[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(scoped, item);
      } catch (error) {
        failures.push(error);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
