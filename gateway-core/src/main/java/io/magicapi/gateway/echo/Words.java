package io.magicapi.gateway.echo;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The tokens of the echo provider: a token is a word with the white space behind it. */
final class Words {

    /** No answer is longer, or a request full of spaces would be answered with gigabytes of events. */
    static final int MOST = 4096;

    private static final Pattern START_OF_WORD = Pattern.compile("(?<=\\s)(?=\\S)");

    private Words() {}

    /** {@return the words, which put together are the text again} */
    static List<String> of(String text) {
        return text.isEmpty() ? List.of() : List.of(START_OF_WORD.split(text));
    }

    /** {@return the first words of a text, as a text} */
    static String first(int words, String text) {
        List<String> all = of(text);
        return all.size() <= words ? text : String.join("", all.subList(0, words));
    }

    /** {@return pieces of a few characters, none of which ends within a character} */
    static List<String> fragments(String text) {
        List<String> fragments = new ArrayList<>();
        int start = 0;
        while (start < text.length()) {
            int characters = Math.min(8, text.codePointCount(start, text.length()));
            int end = text.offsetByCodePoints(start, characters);
            fragments.add(text.substring(start, end));
            start = end;
        }
        return fragments;
    }
}
