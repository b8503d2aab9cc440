CREATE DATABASE better_auth;
