package io.magicapi.gateway.plugins;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The little of a class file (JVMS 4) that inspection needs, read from its bytes so that no code runs.
 *
 * @param name the class, with dots
 * @param superName its superclass, with dots; empty for {@code module-info}
 * @param classes the classes its code and signature mention by constant; arrays as their elements
 * @param members the methods and fields of other classes it uses
 */
record ClassFile(String name, String superName, Set<String> classes, List<Member> members) {

    /** What comes before the constant pool: magic, minor, major version. */
    static final int HEADER = 8;

    private static final int MAGIC = 0xCAFEBABE;

    /** Class files of Java 1 have version 45, of Java 17 version 61. */
    private static final int VERSION_OF_JAVA_0 = 44;

    /** A use of {@code owner.name} with this descriptor. */
    record Member(String owner, String name, String descriptor, boolean field) {}

    /**
     * {@return the Java version the class was compiled for: 17}
     *
     * @throws IOException if the bytes are no class file
     */
    static int javaVersion(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        if (bytes.length < HEADER || in.readInt() != MAGIC) {
            throw new IOException("not a class file");
        }
        in.readUnsignedShort();
        return in.readUnsignedShort() - VERSION_OF_JAVA_0;
    }

    /**
     * {@return the class file}
     *
     * @throws IOException if it is malformed
     */
    static ClassFile read(byte[] bytes) throws IOException {
        javaVersion(bytes);
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, HEADER, bytes.length - HEADER));
        int count = in.readUnsignedShort();
        int[] tags = new int[count];
        int[] first = new int[count];
        int[] second = new int[count];
        String[] texts = new String[count];
        for (int i = 1; i < count; i++) {
            tags[i] = in.readUnsignedByte();
            switch (tags[i]) {
                case 1 -> texts[i] = in.readUTF();
                case 3, 4 -> in.readInt();
                case 5, 6 -> {
                    in.readLong();
                    i++; // takes two places, JVMS 4.4.5
                }
                case 7, 8, 16, 19, 20 -> first[i] = in.readUnsignedShort();
                case 9, 10, 11, 12, 17, 18 -> {
                    first[i] = in.readUnsignedShort();
                    second[i] = in.readUnsignedShort();
                }
                case 15 -> {
                    in.readUnsignedByte();
                    in.readUnsignedShort();
                }
                default -> throw new IOException("unknown constant " + tags[i]);
            }
        }
        in.readUnsignedShort();
        int self = in.readUnsignedShort();
        int parent = in.readUnsignedShort();

        Set<String> classes = new LinkedHashSet<>();
        List<Member> members = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            if (tags[i] == 7) {
                String named = element(texts[first[i]]);
                if (!named.isEmpty()) {
                    classes.add(named);
                }
            } else if (tags[i] >= 9 && tags[i] <= 11) {
                int nameAndType = second[i];
                members.add(new Member(
                        element(texts[first[first[i]]]),
                        texts[first[nameAndType]],
                        texts[second[nameAndType]],
                        tags[i] == 9));
            }
        }
        return new ClassFile(
                element(texts[first[self]]), parent == 0 ? "" : element(texts[first[parent]]), classes, members);
    }

    /** The class a constant names, with dots; of an array its elements'; empty for arrays of primitives. */
    private static String element(String internalName) {
        String name = internalName;
        if (name.startsWith("[")) {
            int depth = name.lastIndexOf('[') + 1;
            name = name.charAt(depth) == 'L' ? name.substring(depth + 1, name.length() - 1) : "";
        }
        return name.replace('/', '.');
    }
}
