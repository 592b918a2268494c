package io.magicapi.gateway.routing;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A header value with parameters: {@code form-data; name="model"}. Reads quoted and plain parameters, in any order, with
 * blanks around them; names are compared without regard to case. Of a parameter given twice the first counts.
 *
 * @param value what stands before the first semicolon
 * @param parameters by name in lower case
 */
record HeaderParameters(String value, Map<String, String> parameters) {

    HeaderParameters {
        parameters = Map.copyOf(parameters);
    }

    /** {@return the parts of a header value; what cannot be read of it is left out} */
    static HeaderParameters parse(String header) {
        int semicolon = header.indexOf(';');
        String value = (semicolon < 0 ? header : header.substring(0, semicolon)).strip();
        Map<String, String> parameters = new LinkedHashMap<>();
        int i = semicolon < 0 ? header.length() : semicolon + 1;
        while (i < header.length()) {
            int equals = header.indexOf('=', i);
            int next = header.indexOf(';', i);
            if (equals < 0 || (next >= 0 && next < equals)) {
                i = next < 0 ? header.length() : next + 1;
                continue;
            }
            String name = header.substring(i, equals).strip().toLowerCase(Locale.ROOT);
            StringBuilder text = new StringBuilder();
            i = parameterValue(header, equals + 1, text);
            parameters.putIfAbsent(name, text.toString());
        }
        return new HeaderParameters(value, parameters);
    }

    /** {@return a parameter's value} */
    Optional<String> get(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** {@return where the parameter after this one begins} */
    private static int parameterValue(String header, int from, StringBuilder text) {
        int i = from;
        while (i < header.length() && (header.charAt(i) == ' ' || header.charAt(i) == '\t')) {
            i++;
        }
        if (i == header.length() || header.charAt(i) != '"') {
            int semicolon = header.indexOf(';', i);
            int end = semicolon < 0 ? header.length() : semicolon;
            text.append(header.substring(i, end).strip());
            return end + 1;
        }
        i++;
        while (i < header.length() && header.charAt(i) != '"') {
            if (header.charAt(i) == '\\' && i + 1 < header.length()) {
                i++;
            }
            text.append(header.charAt(i));
            i++;
        }
        int semicolon = header.indexOf(';', i);
        return semicolon < 0 ? header.length() : semicolon + 1;
    }
}
