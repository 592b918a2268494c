package io.magicapi.gateway.tests;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import javax.management.JMException;
import javax.management.ObjectName;

/** What is alive in the heap of the tests, which is the gateway's, too. */
final class Heap {

    private Heap() {}

    /** {@return how many objects of a class are reachable} */
    static int count(Class<?> type) {
        return count(type.getName());
    }

    /** {@return how many objects of classes of this name are reachable} */
    static int count(String type) {
        return Arrays.stream(histogram().split("\n", -1))
                .map(line -> line.strip().split("\\s+"))
                .filter(columns -> columns.length >= 4 && columns[3].equals(type))
                .mapToInt(columns -> Integer.parseInt(columns[1]))
                .sum();
    }

    /** {@return how many bytes are in use after a garbage collection} */
    static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static String histogram() {
        try {
            return (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()});
        } catch (JMException e) {
            throw new AssertionError(e);
        }
    }
}
