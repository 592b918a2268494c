package io.magicapi.gateway.config;

/**
 * Something wrong with the configuration, in words for the operator. The codes are listed in {@code
 * docs/configuration.md}.
 *
 * @param code such as {@code GW-C03}
 * @param place where
 * @param message what, why, and what to do; never a value that may be a key
 */
public record Problem(String code, Place place, String message) {

    /** A file that cannot be found or read. */
    static final String FILE = "GW-C01";
    /** Text that is not YAML. */
    static final String SYNTAX = "GW-C02";
    /** A key that does not exist. */
    static final String UNKNOWN_KEY = "GW-C03";
    /** A key written twice in one place. */
    static final String DUPLICATE_KEY = "GW-C04";
    /** A mapping, list or single value where another of the three belongs. */
    static final String SHAPE = "GW-C05";
    /** A value that its key does not accept. */
    static final String VALUE = "GW-C06";
    /** A listener that everyone can reach, without the operator having said so. */
    static final String OPEN_LISTENER = "GW-C07";
    /** A provider key given in another way than by variable or file. */
    static final String KEY_SOURCE = "GW-C08";
    /** A version of the configuration format that this gateway does not know. */
    static final String VERSION = "GW-C09";
    /** Not an error: a {@code GATEWAY_…} variable that stands for no key. */
    static final String UNKNOWN_VARIABLE = "GW-C10";
    /** A trusted key that cannot be used, or none where one is needed. */
    static final String TRUSTED_KEY = "GW-C12";

    /** A file of prices that cannot be used. */
    static final String PRICES = "GW-C17";

    /** An admin API that others could reach. */
    static final String OPEN_ADMIN = "GW-C14";

    /** Not an error: what another gateway's configuration says and ours cannot. */
    static final String NO_COUNTERPART = "GW-C15";

    /** {@return code, place and message on one line} */
    @Override
    public String toString() {
        return code + " " + place + (place.line() == 0 ? ": " : " ") + message;
    }
}
