package io.magicapi.gateway.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.magicapi.gateway.pricing.PriceTable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A file of prices, as it was when the configuration was read.
 *
 * @param file where it is
 * @param table what is in it
 */
public record PriceFile(Path file, PriceTable table) {

    /**
     * Reads a file. Blocks.
     *
     * @throws Section.Refusal if it cannot be read or holds no prices; the message goes on from the key's name
     */
    static PriceFile read(Path file) {
        if (Files.isDirectory(file)) {
            throw refused(file, "which is a directory. Name the file in it");
        }
        try {
            return new PriceFile(file, PriceTable.read(file));
        } catch (IllegalArgumentException e) {
            throw refused(file, "which holds no prices: " + e.getMessage());
        } catch (JsonProcessingException e) {
            throw refused(file, "which is not JSON");
        } catch (NoSuchFileException e) {
            throw refused(file, "which does not exist. Correct the path");
        } catch (AccessDeniedException e) {
            throw refused(file, "which cannot be read: permission denied");
        } catch (IOException e) {
            throw refused(file, "which cannot be read: " + e.getMessage());
        }
    }

    private static Section.Refusal refused(Path file, String what) {
        return new Section.Refusal(Problem.PRICES, "names " + file + ", " + what);
    }
}
