package io.magicapi.gateway.plugins;

import java.util.Locale;

/**
 * How large an entry of a jar may be when it is unpacked. A few bytes of a zip can stand for gigabytes, and what its
 * directory says about sizes may be a lie, so the inspector counts what comes out.
 *
 * @param bytes the most that is unpacked
 * @param text the same for people
 * @param remedy what to do about an entry that is larger; a sentence
 */
record UnpackLimit(long bytes, String text, String remedy) {

    static final String INDEX = "META-INF/extensions.idx";

    /** As many entries as a plugin may have. */
    static final int ENTRIES = 100_000;

    /** All entries together. */
    static final UnpackLimit TOTAL = mebibytes(512, "Leave out what the provider does not need.");

    private static final UnpackLimit OF_INDEX = new UnpackLimit(
            64 * 1024, "64 KiB", "It lists the provider's class and nothing else: build the jar again from clean.");

    private static final UnpackLimit OF_MANIFEST =
            mebibytes(1, "Keep the lines that a plugin needs, and leave out the others.");

    private static final UnpackLimit OF_CLASS =
            mebibytes(16, "Move the data that is in it into a file of its own in the jar.");

    private static final UnpackLimit OF_SIGNATURE = mebibytes(16, "Leave the signature out, or have it signed anew.");

    private static UnpackLimit mebibytes(int number, String remedy) {
        return new UnpackLimit(number * 1024L * 1024L, number + " MiB", remedy);
    }

    /** {@return that of the entry of this name; {@link #TOTAL} if it has none of its own} */
    static UnpackLimit of(String entry) {
        // Java finds an entry under its name without the slash, too, and the manifest in any case.
        String name = entry.endsWith("/") ? entry.substring(0, entry.length() - 1) : entry;
        if (name.equals(INDEX)) {
            return OF_INDEX;
        }
        if (name.toUpperCase(Locale.ROOT).equals("META-INF/MANIFEST.MF")) {
            return OF_MANIFEST;
        }
        if (JarSignatures.isSignature(name)) {
            return OF_SIGNATURE;
        }
        return name.endsWith(".class") ? OF_CLASS : TOTAL;
    }
}
