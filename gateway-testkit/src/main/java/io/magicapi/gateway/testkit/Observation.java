package io.magicapi.gateway.testkit;

/**
 * What was seen of one {@link Scenario}, in words that are the same each time.
 *
 * @param caller what the caller got: {@code 200 "Hello there" from main, 2 attempts}; {@code 200 cut after "Hello"
 *     (upstream_cut) from main}, of a stream that ended with an error event; {@code 200 cut from main}, of an answer that
 *     was to come whole; {@code 503 broken from spare}, an error with its code, or type. Of several requests, how often
 *     each came; of a scenario that lasts, only the statuses and whether the answers were whole
 * @param providers how many requests each got: {@code main 2, 1000 to 1500 ms apart, closed; spare 1}; the time between
 *     the first two only where it matters, {@code closed} if {@code main} is left without an open connection
 * @param accounted how the access line says the requests ended, who is said to have answered, and the tokens, or that
 *     these are estimated; the number
 *     of attempts if more were made than the caller was told, as its headers were on their way: {@code completed, main, 9+2
 *     tokens}
 */
public record Observation(String caller, String providers, String accounted) {}
