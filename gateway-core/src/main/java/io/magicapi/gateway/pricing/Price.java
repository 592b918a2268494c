package io.magicapi.gateway.pricing;

/**
 * What the tokens of one model cost. All four in picodollars (10⁻¹² US dollars) a token, which is a millionth of a dollar
 * for a million tokens: $0.05 for a million is 50,000.
 *
 * @param input a token read
 * @param cacheRead a token read from the provider's cache of prompts
 * @param cacheWrite a token read and put into that cache
 * @param output a token written, thoughts included
 */
public record Price(long input, long cacheRead, long cacheWrite, long output) {

    /** $1,000 for a million tokens: no more, so that the cost of any request fits into a long. */
    static final long MOST = 1_000_000_000L;

    private static final long PICO_PER_NANO = 1000;

    public Price {
        if (!inRange(input) || !inRange(cacheRead) || !inRange(cacheWrite) || !inRange(output)) {
            throw new IllegalArgumentException("a price is from 0 to " + MOST + " picodollars a token, but one of "
                    + input + ", " + cacheRead + ", " + cacheWrite + ", " + output + " is not");
        }
    }

    private static boolean inRange(long price) {
        return price >= 0 && price <= MOST;
    }

    /**
     * The cost of one attempt. It is added up exactly and rounded once, half a nanodollar up.
     *
     * @param fresh tokens read that have nothing to do with the cache; none of these counts is negative or more than an
     *     int can hold
     * @param cacheRead tokens read from the cache
     * @param cacheWrite tokens put into the cache
     * @param written tokens written
     * @return nanodollars
     */
    public long cost(long fresh, long cacheRead, long cacheWrite, long written) {
        long pico = fresh * input + cacheRead * this.cacheRead + cacheWrite * this.cacheWrite + written * output;
        return (pico + PICO_PER_NANO / 2) / PICO_PER_NANO;
    }
}
