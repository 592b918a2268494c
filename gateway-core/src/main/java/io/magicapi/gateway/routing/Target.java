package io.magicapi.gateway.routing;

/**
 * A provider and the model to ask it for.
 *
 * @param provider the provider's name
 * @param model as the provider calls it
 * @param weight its share where targets are chosen by weight; with 0 it is only asked when the others fail
 */
public record Target(String provider, String model, int weight) {

    public Target {
        if (weight < 0) {
            throw new IllegalArgumentException("a weight must not be negative: " + weight);
        }
    }
}
